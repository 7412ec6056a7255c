// The stroke under the pointer: masks of the plane it is drawn on and, for a 3D brush, of the slices beside it.

import { stackPlanes } from "./boxmask.mjs";
import { encodeRuns } from "./mask.mjs";
import { PatchMask } from "./patchmask.mjs";
import { boxOf } from "./plane.mjs";
import { Stroke, isDecidedByServer, ruleOf } from "./stroke.mjs";

export class LiveStroke {
  /** `plane` = {axis, index, rows, cols}; `settings` = {tool, value, overwrite, replaces, intensity}. */
  constructor(plane, settings) {
    Object.assign(this, { plane, settings, reach: null, filter: null });
    this.mask = new PatchMask(plane.rows, plane.cols);
    this.sides = [];
    this.mayPaint = ruleOf(settings);
    this.range = [plane.index, plane.index + 1];
  }

  /** Let the stroke reach into other slices (a Reach) and paint where a filter (an IntensityFilter, or a PredictedPatch that says with what) lets it. */
  extend(reach, filter = null) {
    this.reach = reach;
    this.filter = filter;
    if (reach) this.range = reach.range();
  }

  get rect() {
    return this.mask.rect;
  }

  get box() {
    return this.rect && boxOf(this.plane.axis, this.plane.index, this.rect);
  }

  /** Add brush spans and write them into `data`, the plane's labels; give the rectangle they cover. */
  add(spans, data) {
    for (const span of spans) this.#write(data, span);
    return this.mask.add(spans);
  }

  /** Add spans to the slices `far` (1, 2, …) away, before and behind. */
  addSide(far, spans) {
    if (!spans.length) return;
    this.sides[far] ??= new PatchMask(this.plane.rows, this.plane.cols);
    this.sides[far].add(spans);
    const { index } = this.plane;
    this.range = [Math.max(0, Math.min(this.range[0], index - far)), Math.min(this.reach.depth, Math.max(this.range[1], index + far + 1))];
  }

  isOn({ axis, index }) {
    return axis === this.plane.axis && index === this.plane.index;
  }

  /** Write all of the stroke so far into the labels of its own plane. */
  applyTo(data, { axis, index, cols }) {
    if (!this.rect || !this.isOn({ axis, index }) || !this.#isShown) return null;
    const { r0, r1, c0, c1 } = this.rect;
    for (let row = r0; row < r1; row++) {
      const marks = this.mask.slice(row, c0, c1);
      for (let col = c0; col < c1; col++) if (marks[col - c0]) this.#put(data, row, col, row * cols + col);
    }
    return this.rect;
  }

  /** Give the stroke to send, or null if nothing was painted. */
  finish(id) {
    if (!this.rect) return null;
    const { axis, index } = this.plane;
    const { box, mask } = stackPlanes(axis, this.range, this.rect, (at) => this.#sideAt(Math.abs(at - index)));
    return new Stroke({ id, ...this.settings, axis, index, box, runs: encodeRuns(mask) }, { mask, filter: this.filter });
  }

  #sideAt(far) {
    if (far === 0 || this.reach?.kind === "slab") return this.mask;
    return this.sides[far] ?? null;
  }

  get #isShown() {
    return !isDecidedByServer(this.settings) || Boolean(this.filter?.knows(this.plane));
  }

  #write(data, { row, c0, c1 }) {
    if (!this.#isShown) return;
    const start = row * this.plane.cols;
    if (this.settings.overwrite === "all" && !this.filter) data.fill(this.settings.value, start + c0, start + c1);
    else for (let col = c0; col < c1; col++) this.#put(data, row, col, start + col);
  }

  #put(data, row, col, i) {
    if (this.mayPaint(data[i]) && (!this.filter || this.filter.allows(row, col))) data[i] = this.filter?.valueAt?.(row, col) ?? this.settings.value;
  }
}
