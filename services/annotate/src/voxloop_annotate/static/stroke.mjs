// Strokes: one while it is drawn (LiveStroke), and one as it is sent to the server (Stroke).
// Both can be applied to any plane of labels, which is how local labels and the server's stay alike.

import { boundSpans } from "./brush.mjs";
import { cropMask, decodeRuns, encodeRuns } from "./mask.mjs";
import { boxOf, orderOf, rectOf, sizeOf } from "./plane.mjs";
import { unite } from "./rect.mjs";

/** A stroke with its box and runs, as in `POST strokes`. */
export class Stroke {
  constructor(body) {
    this.body = body;
    this.box = body.box;
  }

  /** Write the stroke into `data`, the labels of plane {axis, index, cols}; give the rectangle it may have changed. */
  applyTo(data, { axis, index, cols }) {
    const rect = rectOf(axis, index, this.box);
    if (!rect) return null;
    const { depth, row, col } = orderOf(axis);
    const strides = stridesOf(this.box);
    const start = (index - this.box[depth][0]) * strides[depth];
    const { value, overwrite } = this.body;
    const mask = this.#decode();
    for (let r = rect.r0; r < rect.r1; r++) {
      let at = start + (r - rect.r0) * strides[row];
      for (let i = r * cols + rect.c0; i < r * cols + rect.c1; i++, at += strides[col]) {
        if (mask[at] && (overwrite === "all" || data[i] === 0)) data[i] = value;
      }
    }
    return rect;
  }

  #decode() {
    this.mask ??= decodeRuns(this.body.runs, sizeOf(this.box).reduce((a, b) => a * b));
    return this.mask;
  }
}

/** The stroke under the pointer: a mask over the plane it is drawn on. */
export class LiveStroke {
  /** `plane` = {axis, index, rows, cols}; `settings` = {tool, value, overwrite}. */
  constructor(plane, settings) {
    this.plane = plane;
    this.settings = settings;
    this.mask = new Uint8Array(plane.rows * plane.cols);
    this.rect = null;
  }

  /** Add brush spans and write them into `data`, the plane's labels; give the rectangle they cover. */
  add(spans, data) {
    const { cols } = this.plane;
    for (const { row, c0, c1 } of spans) {
      this.#write(data, row * cols + c0, row * cols + c1);
      this.mask.fill(1, row * cols + c0, row * cols + c1);
    }
    const rect = boundSpans(spans);
    this.rect = unite(this.rect, rect);
    return rect;
  }

  isOn({ axis, index }) {
    return axis === this.plane.axis && index === this.plane.index;
  }

  /** Write all of the stroke so far into the labels of its own plane. */
  applyTo(data, { axis, index, cols }) {
    if (!this.rect || !this.isOn({ axis, index })) return null;
    for (let r = this.rect.r0; r < this.rect.r1; r++) {
      for (let i = r * cols + this.rect.c0; i < r * cols + this.rect.c1; i++) if (this.mask[i]) this.#put(data, i);
    }
    return this.rect;
  }

  /** Give the stroke to send, or null if nothing was painted. */
  finish(id) {
    if (!this.rect) return null;
    const { axis, index, cols } = this.plane;
    const mask = cropMask(this.mask, cols, this.rect);
    const runs = encodeRuns(mask);
    const stroke = new Stroke({ id, ...this.settings, axis, index, box: boxOf(axis, index, this.rect), runs });
    stroke.mask = mask;
    return stroke;
  }

  #write(data, from, to) {
    if (this.settings.overwrite === "all") data.fill(this.settings.value, from, to);
    else for (let i = from; i < to; i++) this.#put(data, i);
  }

  #put(data, i) {
    if (this.settings.overwrite === "all" || data[i] === 0) data[i] = this.settings.value;
  }
}

function stridesOf(box) {
  const [, rows, cols] = sizeOf(box);
  return [rows * cols, cols, 1];
}
