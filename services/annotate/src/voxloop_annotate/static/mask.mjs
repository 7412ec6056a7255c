// Masks as run lengths: alternating unset and set, beginning with unset, over a box in C order.

/** Give the run lengths of a flat mask; their sum is the mask's length. */
export function encodeRuns(mask) {
  const runs = [];
  let isSet = 0;
  let start = 0;
  for (let i = 0; i < mask.length; i++) {
    if ((mask[i] ? 1 : 0) === isSet) continue;
    runs.push(i - start);
    start = i;
    isSet ^= 1;
  }
  runs.push(mask.length - start);
  return runs;
}

/** Give the flat mask (0 or 1) of `size` voxels that the runs describe; throws RangeError if they do not fit. */
export function decodeRuns(runs, size) {
  const mask = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < runs.length; i++) {
    if (!Number.isInteger(runs[i]) || runs[i] < 0) throw new RangeError(`run ${i} is ${runs[i]}, not a count`);
    if (i % 2) mask.fill(1, at, Math.min(size, at + runs[i]));
    at += runs[i];
  }
  if (at !== size) throw new RangeError(`runs cover ${at} voxels, the box has ${size}`);
  return mask;
}

/** Cut the rectangle {r0, r1, c0, c1} (half-open) out of a mask with `cols` columns. */
export function cropMask(mask, cols, { r0, r1, c0, c1 }) {
  const width = c1 - c0;
  const cut = new Uint8Array((r1 - r0) * width);
  for (let r = r0; r < r1; r++) cut.set(mask.subarray(r * cols + c0, r * cols + c1), (r - r0) * width);
  return cut;
}
