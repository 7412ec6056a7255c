// A mask over a 3D box, put together from masks of the planes across one axis.

import { boxOf, orderOf, sizeOf } from "./plane.mjs";
import { intersect } from "./rect.mjs";

/**
 * Give {box, mask}: what the planes [first, last) across `axis` mark inside `rect`.
 * `planeAt(index)` gives a PatchMask or null; the mask is flat over the box [z, y, x] in C order.
 */
export function stackPlanes(axis, [first, last], rect, planeAt) {
  const box = boxOf(axis, first, rect);
  const { depth, row, col } = orderOf(axis);
  box[depth] = [first, last];
  const strides = stridesOf(box);
  const mask = new Uint8Array(sizeOf(box).reduce((a, b) => a * b));
  const planes = Array.from({ length: last - first }, (_, i) => planeAt(first + i));
  // Row by row through all planes: across x a row's marks lie far apart, but those of one row fit the processor's cache.
  for (let r = rect.r0; r < rect.r1; r++) {
    const start = (r - rect.r0) * strides[row];
    planes.forEach((plane, i) => plane && layRow(mask, plane, r, rect, start + i * strides[depth], strides[col]));
  }
  return { box, mask };
}

/** Give how far apart neighbours along (z, y, x) lie in a flat box. */
export function stridesOf(box) {
  const [, rows, cols] = sizeOf(box);
  return [rows * cols, cols, 1];
}

function layRow(mask, plane, r, rect, start, stride) {
  const marked = intersect(plane.rect, rect);
  if (!marked || r < marked.r0 || r >= marked.r1) return;
  const marks = plane.slice(r, marked.c0, marked.c1);
  const at = start + (marked.c0 - rect.c0) * stride;
  if (stride === 1) mask.set(marks, at);
  else for (let i = 0; i < marks.length; i++) mask[at + i * stride] = marks[i];
}
