// Fills that the server computes: asked for one at a time, with what came of it said in the status line.

import { shortCount } from "./number.mjs";
import { orderOf } from "./plane.mjs";

/** What can be filled on the slice at hand: [kind, label, key, icon, hint]. */
export const SLICE_FILLS = [
  ["interpolate", "Interpolate", "shift t", "interpolate", "the chosen class between the slices that hold it"],
  ["copy", "Copy previous", "shift d", "copy", "all classes from the annotated slice before this one"],
  ["holes", "Fill holes", "shift f", "holes", "of the chosen class on this slice"],
  ["islands", "Remove islands", "shift r", "islands", "of the chosen class, smaller than"],
];

/** Ask for a fill, a body as in POST fills without its id; resolves when it is done or refused, true if it was done. */
export async function runFill({ session, annotation }, body, label) {
  if (session.state.filling) return void session.say(`wait: ${session.state.filling.label}`);
  const filling = { label };
  session.set({ filling, progress: null });
  try {
    const answer = await annotation.fill(body);
    session.say(`${label}: ${answer.changed ? `${shortCount(answer.changed)} voxels` : "nothing to change"}`);
    return true;
  } catch (error) {
    session.say(`${label}: ${error.message}`);
    return false;
  } finally {
    if (session.state.filling === filling) session.set({ filling: null });
  }
}

/** Fill the slice at hand: `kind` is one of SLICE_FILLS. */
export function fillSlice({ session, annotation }, kind) {
  const { state } = session;
  const { classId, overwrite, replaces, options, info } = state;
  if (!info) return undefined;
  if (kind !== "copy" && classId === null) return session.say("add a class first");
  const axis = state.activeAxis ?? state.axis;
  const rule = { overwrite, replaces: overwrite === "class" ? replaces : null };
  const body = { kind, value: kind === "copy" ? null : classId, axis, index: state.indices[orderOf(axis).depth], ...rule };
  const [, label] = SLICE_FILLS.find(([name]) => name === kind);
  return runFill({ session, annotation }, { ...body, ...EXTRAS[kind](options) }, label.toLowerCase());
}

const EXTRAS = {
  interpolate: () => ({ between: null }),
  copy: () => ({ source: null }),
  holes: () => ({}),
  islands: ({ smallest }) => ({ smallest }),
};
