// Masks as run lengths: alternating unset and set, beginning with unset, over a box in C order.

/** Give the run lengths of a flat mask of 0 and 1 (Uint8Array); their sum is the mask's length. */
export function encodeRuns(mask) {
  const runs = [];
  let start = 0;
  // indexOf looks at many voxels at a time, which is what makes boxes of millions of voxels quick.
  for (let next = 1; start < mask.length || !runs.length; next ^= 1) {
    const found = mask.indexOf(next, start);
    const end = found < 0 ? mask.length : found;
    runs.push(end - start);
    start = end;
  }
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
