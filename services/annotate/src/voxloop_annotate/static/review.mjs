// The review: places worth a look, one after the other, and what the user did with each. The server keeps them.

import { obstacleOf } from "./accepttool.mjs";
import { getJson, sendJson, volumePath } from "./api.mjs";
import { extentOf, orderOf, rectOf } from "./plane.mjs";
import { shortCount } from "./number.mjs";
import { gridOf } from "./session.mjs";
import { aspectOf, clampZoom } from "./view.mjs";

// Of the shorter side of the screen, what a place takes: enough around it to know where one is.
const SHARE = 0.5;

// CSS pixels per voxel: beyond that one sees squares, and nothing of what is around.
const LARGEST_ZOOM = 12;

/** Fetch the queue of the open volume. */
export async function loadReview(session, id = session.state.volume) {
  if (!id) return;
  const review = await getJson(volumePath(id, "/review")).catch(() => null);
  if (review && session.state.volume === id) session.set({ review });
}

/** Have `count` places proposed; throws what the server refuses. */
export async function proposePlaces(session, { acquisition, count }) {
  const { volume, prediction } = session.state;
  const job = await sendJson("POST", volumePath(volume, "/review"), { acquisition, count, prediction });
  if (session.state.volume !== volume) return;
  session.set({ reviewJob: job, place: null });
  await loadReview(session);
}

/** Give up looking for places. */
export async function cancelProposal({ state }) {
  await sendJson("POST", `api/jobs/infer/${encodeURIComponent(state.reviewJob.id)}/cancel`);
}

/** Give the place that the user is at, or null. */
export const currentPlace = ({ review, place }) => review?.places.find(({ id }) => id === place) ?? null;

/** Give the next open place after the current one, from the start again after the last; null when none is left. */
export function nextOpen({ review, place }) {
  const places = review?.places ?? [];
  const at = places.findIndex(({ id }) => id === place);
  return [...places.slice(at + 1), ...places.slice(0, at + 1)].find(({ outcome, id }) => !outcome && id !== place) ?? null;
}

/** Bring a place onto the screen, in the middle, and note that it was seen. */
export function showPlace(session, entry) {
  const { info, isPainting, screen, volume } = session.state;
  if (!info || isPainting) return;
  const { axis, box } = entry.place;
  session.set({ place: entry.id });
  session.setAxis(axis);
  session.setVoxel(box.map(([low, high]) => Math.floor((low + high - 1) / 2)));
  session.setView(viewOf(entry.place, gridOf(info), screen));
  if (!entry.shown) sendJson("POST", volumePath(volume, `/review/${entry.id}/show`)).catch((error) => session.say(error.message));
}

/** Give {zoom, center} with which a place lies in the middle of the screen. */
export function viewOf({ axis, index, box }, grid, { width, height }) {
  const { r0, r1, c0, c1 } = rectOf(axis, index, box);
  const aspect = aspectOf(grid, axis);
  const zoom = SHARE * Math.min(width / ((c1 - c0) * aspect.col), height / ((r1 - r0) * aspect.row));
  return { zoom: clampZoom(Math.min(zoom, LARGEST_ZOOM)), center: box.map(([low, high]) => (low + high) / 2) };
}

/** Go on to the next open place. */
export function showNext({ session }) {
  const next = nextOpen(session.state);
  if (next) showPlace(session, next);
  else session.say(session.state.review?.places.length ? "every place is reviewed: train, predict, then propose again" : "no places yet: propose some");
}

/** Take what is predicted at the place as labels where there are none, and go on; one step to undo. */
export async function acceptPlace({ session, annotation }) {
  const entry = currentPlace(session.state);
  const obstacle = entry ? placeObstacle(session.state, entry) : "no place is shown: go to the next one first";
  if (obstacle) return session.say(obstacle);
  const filling = { label: "accept place" };
  session.set({ filling });
  let answer;
  try {
    answer = await annotation.fill(acceptBody(entry));
  } catch (error) {
    return session.say(`accept place: ${error.message}`);
  } finally {
    if (session.state.filling === filling) session.set({ filling: null });
  }
  session.say(`accept place: ${answer.changed ? `${shortCount(answer.changed)} voxels` : "all labelled already"}`);
  return decide(session, entry, "accepted", answer.changed ? answer.snapshot : null);
}

/** Note that the user has painted what was wrong at the place, or leaves it, and go on. */
export function closePlace({ session }, outcome) {
  const entry = currentPlace(session.state);
  if (!entry) return session.say("no place is shown: go to the next one first");
  return decide(session, entry, outcome);
}

/** Say why a place's prediction cannot be accepted now, or null. */
export function placeObstacle(state, { prediction }) {
  if (!prediction) return "this place was proposed without a prediction: paint it, or skip it";
  if (prediction !== state.prediction) return "this place belongs to another prediction: show that, or propose again";
  return state.filling ? `wait: ${state.filling.label}` : obstacleOf(state);
}

/** Give the body of a fill, as in POST fills without its id, that accepts what is predicted at a place. */
export function acceptBody({ prediction, place: { axis, index, box } }) {
  return { kind: "accept", where: "region", prediction, axis, index, seed: null, dims: 2, box, confidence: 0, overwrite: "unlabelled" };
}

async function decide(session, entry, outcome, acceptance = null) {
  const { volume } = session.state;
  try {
    await sendJson("PUT", volumePath(volume, `/review/${entry.id}/outcome`), { outcome, acceptance });
  } catch (error) {
    return session.say(`not recorded: ${error.message}`);
  }
  await loadReview(session, volume);
  if (session.state.volume === volume && session.state.place === entry.id) showNext({ session });
}

/** Say where a place lies: "z 56 · 40 × 40 at 81, 12". */
export function placeText({ axis, index, box }, shape) {
  const { r0, r1, c0, c1 } = rectOf(axis, index, box);
  const { rows, cols } = extentOf(axis, shape);
  return r1 - r0 === rows && c1 - c0 === cols ? `${axis} ${index} · whole slice` : `${axis} ${index} · row ${r0}, column ${c0}`;
}

/** Give the pyramid level on which a place has about `pixels` rows or columns, never fewer where a finer one has them. */
export function thumbLevel(levels, { axis, index, box }, pixels) {
  const { r0, r1, c0, c1 } = rectOf(axis, index, box);
  const { row, col } = orderOf(axis);
  let best = 0;
  levels.forEach(({ scale }, level) => {
    if (Math.max((r1 - r0) / scale[row], (c1 - c0) / scale[col]) >= pixels) best = level;
  });
  return best;
}
