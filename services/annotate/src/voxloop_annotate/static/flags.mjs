// Flags: places to look at again, kept with the volume.

import { getJson, sendJson, volumePath } from "./api.mjs";
import { boxOf, orderOf } from "./plane.mjs";

/** Fetch the flags of the open volume. */
export async function loadFlags(session, id = session.state.volume) {
  if (!id) return;
  const answer = await getJson(volumePath(id, "/flags")).catch(() => null);
  if (answer && session.state.volume === id) session.set({ flags: answer.flags });
}

/** Flag what a plane shows: {axis, index, rect}. */
export async function addFlag(session, { axis, index, rect }) {
  await change(session, "POST", "/flags", { axis, index, box: boxOf(axis, index, rect) });
  session.say(`flagged ${axis} ${index}: look again`);
}

/** Take a flag down. */
export async function removeFlag(session, { id }) {
  await change(session, "DELETE", `/flags/${id}`);
}

/** Bring the place of a flag onto the screen. */
export function showFlag(session, { axis, index, box }) {
  session.setAxis(axis);
  session.setIndex(index);
  if (session.state.isFitted) return;
  const center = box.map(([low, high]) => (low + high) / 2);
  center[orderOf(axis).depth] = session.state.center[orderOf(axis).depth];
  session.setView({ center });
}

async function change(session, method, path, body) {
  const { volume } = session.state;
  try {
    const { flags } = await sendJson(method, volumePath(volume, path), body);
    if (session.state.volume === volume) session.set({ flags });
  } catch (error) {
    session.say(error.message);
    loadFlags(session);
  }
}
