// Opening a volume: what it is, its classes, its predictions, its history.

import { getJson, sendJson, volumePath } from "./api.mjs";
import { loadFlags } from "./flags.mjs";
import { loadReview } from "./review.mjs";

/** Load volume `id` into the session and show it; a later call for another volume wins. */
export async function openVolume(session, annotation, id, wish = {}) {
  session.set({ volume: id, info: null, problem: null, isAnnotated: null, pointer: null, marks: { z: [], y: [], x: [] } });
  session.set({ counts: {}, classes: [], predictions: [], preview: null, compare: null, flags: [], review: null, reviewJob: null, place: null, histogram: null, painted: null });
  annotation.open(id);
  if (!id) return;
  try {
    const [info, classes] = await Promise.all([getJson(volumePath(id)), getJson(volumePath(id, "/classes"))]);
    if (session.state.volume !== id) return;
    session.takeClasses(classes);
    session.showVolume(info, wish);
  } catch (error) {
    if (session.state.volume === id) session.set({ problem: error });
    return;
  }
  await Promise.all([annotation.loadHistory(), loadPredictions(session, id), loadHistogram(session, id), loadFlags(session, id), loadReview(session, id)]);
}

/** Fetch what predictions there are of the open volume. */
export async function loadPredictions(session, id = session.state.volume) {
  if (!id) return;
  const answer = await getJson(volumePath(id, "/predictions")).catch(() => null);
  if (answer && session.state.volume === id) session.set({ predictions: answer.predictions });
}

async function loadHistogram(session, id) {
  const histogram = await getJson(volumePath(id, "/histogram")).catch(() => null);
  if (session.state.volume === id) session.set({ histogram });
}

/** Fetch the classes of the open volume again. */
export async function loadClasses(session, id = session.state.volume) {
  if (!id) return;
  const answer = await getJson(volumePath(id, "/classes")).catch(() => null);
  if (answer && session.state.volume === id) session.takeClasses(answer);
}

/** Show and save changed classes; on failure the old ones come back and the error is thrown. */
export async function saveClasses(session, classes) {
  const { volume, classes: before, counts } = session.state;
  session.setClasses(classes, counts);
  try {
    const answer = await sendJson("PUT", volumePath(volume, "/classes"), { classes });
    if (session.state.volume === volume) session.takeClasses(answer);
  } catch (error) {
    if (session.state.volume === volume) session.setClasses(before, counts);
    throw error;
  }
}
