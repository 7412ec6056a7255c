// Flood fill: a click fills what is connected to the voxel under it and of like intensity; the server does the work.

import { isInside, planeOf } from "./contact.mjs";
import { runFill } from "./fills.mjs";
import { paintSettings } from "./options.mjs";
import { boxOf, voxelAt } from "./plane.mjs";
import { Reach } from "./reach.mjs";
import { gridOf } from "./session.mjs";

export const flood = {
  name: "flood",
  label: "Flood fill",
  key: "w",
  icon: "flood",
  hint: "click: fills what is joined and alike",
  options: ["tolerance", "toleranceSlider", "dims", "slices", "isErasing", "overwrite"],
  make: (viewport) => new FloodTool(viewport),
};

// The server fills at most 512 × 512 × 64 voxels in 3D.
const MOST_EDGE = 512;

class FloodTool {
  constructor(viewport) {
    this.viewport = viewport;
  }

  press(contact) {
    const { session } = this.viewport;
    const settings = paintSettings(session.state, "flood");
    if (settings.value === null) return void session.say("add a class first");
    if (!isInside(this.viewport, contact.place)) return null;
    return { name: "click", move() {}, end: () => this.#fill(contact.place, settings), cancel() {} };
  }

  marks() {
    return [];
  }

  #fill({ row, col }, { value, overwrite, replaces }) {
    const { options } = this.viewport.session.state;
    const { axis, index } = planeOf(this.viewport);
    const [r, c] = [Math.floor(row), Math.floor(col)];
    const dims = Number(options.dims);
    const box = dims === 3 ? this.#box(r, c) : null;
    const body = { kind: "flood", value, axis, index, overwrite, replaces, seed: voxelAt(axis, index, r, c), tolerance: options.tolerance, dims, box };
    runFill(this.viewport, body, "flood fill");
  }

  #box(r, c) {
    const { session, view } = this.viewport;
    const plane = planeOf(this.viewport);
    const [first, last] = new Reach("slab", session.state.options.slices, plane, gridOf(session.state.info)).range();
    const seen = view.visibleRect();
    const [r0, r1] = limitRange(seen.r0, seen.r1, r);
    const [c0, c1] = limitRange(seen.c0, seen.c1, c);
    const box = boxOf(plane.axis, first, { r0, r1, c0, c1 });
    return box.map(([low, high], i) => (i === view.order.depth ? [first, last] : [low, high]));
  }
}

/** Shorten [low, high) to what the server takes, with `at` as near its middle as can be. */
export function limitRange(low, high, at) {
  const length = Math.min(high - low, MOST_EDGE);
  const start = Math.min(high - length, Math.max(low, at - Math.floor(length / 2)));
  return [start, start + length];
}
