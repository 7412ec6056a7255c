// A stroke as it is sent to the server. It can be applied to any plane of labels, which is how local labels and the
// server's stay alike.

import { stridesOf } from "./boxmask.mjs";
import { decodeRuns } from "./mask.mjs";
import { orderOf, rectOf, sizeOf } from "./plane.mjs";

/** A stroke with its box and runs, as in `POST strokes`. */
export class Stroke {
  /** `mask` is what the runs say, if known; `filter` (an IntensityFilter) what is known of where the intensities let it paint. */
  constructor(body, { mask = null, filter = null } = {}) {
    Object.assign(this, { body, box: body.box, mask, filter });
  }

  /** Write the stroke into `data`, the labels of plane {axis, index, cols}; give the rectangle it may have changed, or null. */
  applyTo(data, { axis, index, cols }) {
    const rect = rectOf(axis, index, this.box);
    if (!rect || (isDecidedByServer(this.body) && !this.filter?.knows({ axis, index }))) return null;
    const { depth, row, col } = orderOf(axis);
    const strides = stridesOf(this.box);
    const start = (index - this.box[depth][0]) * strides[depth];
    const mask = this.#decode();
    const mayPaint = ruleOf(this.body);
    for (let r = rect.r0; r < rect.r1; r++) {
      let at = start + (r - rect.r0) * strides[row];
      for (let c = rect.c0, i = r * cols + c; c < rect.c1; c++, i++, at += strides[col]) {
        if (mask[at] && mayPaint(data[i]) && (!this.filter || this.filter.allows(r, c))) data[i] = this.filter?.valueAt?.(r, c) ?? this.body.value;
      }
    }
    return rect;
  }

  #decode() {
    this.mask ??= decodeRuns(this.body.runs, sizeOf(this.box).reduce((a, b) => a * b));
    return this.mask;
  }
}

/** Say whether only the server knows for sure which voxels a stroke paints, and with what. */
export const isDecidedByServer = ({ intensity, from_prediction: prediction }) => Boolean(intensity || prediction);

/** Give the function that says whether a label may be painted over. */
export function ruleOf({ overwrite, replaces }) {
  if (overwrite === "all") return () => true;
  // Which labels were accepted only the server knows: what is sure is shown.
  const only = overwrite === "class" ? replaces : 0;
  return (label) => label === only;
}
