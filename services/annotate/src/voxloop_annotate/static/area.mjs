// Painting an area of a plane at once: what polygon, lasso, rectangle and ellipse have in common.

import { stackPlanes } from "./boxmask.mjs";
import { encodeRuns } from "./mask.mjs";
import { paintSettings } from "./options.mjs";
import { PatchMask } from "./patchmask.mjs";
import { extentOf } from "./plane.mjs";
import { Reach } from "./reach.mjs";
import { gridOf } from "./session.mjs";

/** Paint spans of the plane {axis, index} as one stroke, on ± n slices if the options say so. */
export function paintArea({ session, annotation }, plane, spans, tool) {
  const { state } = session;
  const settings = paintSettings(state, tool);
  if (settings.value === null) return void session.say("add a class first");
  if (!spans.length) return void session.say(`the ${tool} holds no voxel`);
  const { reach, slices } = state.options;
  const range = new Reach(reach === "slab" ? "slab" : "slice", slices, plane, gridOf(state.info)).range();
  annotation.paint({ ...settings, ...plane, ...encodeArea(plane, range, spans, state.info.shape) });
}

/** Give {box, runs} of the same spans on every slice of `range` across the plane's axis. */
export function encodeArea({ axis }, range, spans, shape) {
  const { rows, cols } = extentOf(axis, shape);
  const mask = new PatchMask(rows, cols);
  const rect = mask.add(spans);
  const stack = stackPlanes(axis, range, rect, () => mask);
  return { box: stack.box, runs: encodeRuns(stack.mask) };
}
