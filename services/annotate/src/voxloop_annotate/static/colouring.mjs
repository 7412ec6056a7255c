// From voxels to pixels (ABGR words). Each function fills `pixels`, the rectangle `rect` of a slice {data, rows, cols},
// and says whether anything in it can be seen.

import { UNCERTAIN } from "./palette.mjs";

/** Grey values through a window (see lookup.mjs). */
export function colourImage(pixels, { data, cols }, rect, lookup) {
  const { table, offset } = lookup;
  let at = 0;
  for (let r = rect.r0; r < rect.r1; r++) {
    const end = r * cols + rect.c1;
    if (table) for (let i = r * cols + rect.c0; i < end; i++) pixels[at++] = table[data[i] - offset];
    else for (let i = r * cols + rect.c0; i < end; i++) pixels[at++] = lookup.pixel(data[i]);
  }
  return true;
}

/** Labels: translucent inside, strong along the edge of `width` voxels; uncertain is hatched. As contours: the edge only. */
export function colourLabels(pixels, slice, rect, { fill, edge }, { isContour = false, width = 1 } = {}) {
  const { data, cols } = slice;
  const isBlank = blankness(data);
  let seen = 0;
  let at = 0;
  pixels.fill(0);
  for (let r = rect.r0; r < rect.r1; r++) {
    if (isBlank(r * cols + rect.c0, r * cols + rect.c1)) {
      at += rect.c1 - rect.c0;
      continue;
    }
    for (let i = r * cols + rect.c0, c = rect.c0; c < rect.c1; i++, c++, at++) {
      const value = data[i];
      if (value === 0) pixels[at] = 0;
      else if (isEdge(slice, r, c, i, width)) pixels[at] = edge[value];
      else if (isContour) pixels[at] = 0;
      else pixels[at] = value === UNCERTAIN && (r + c) & 2 ? edge[value] : fill[value];
      seen |= pixels[at];
    }
  }
  return seen !== 0;
}

// Most of most slices has no labels, and need not be looked at voxel by voxel: gives a function that says whether all from … to are 0.
function blankness(data) {
  const { buffer, byteOffset, byteLength } = data.byteOffset & 3 ? data.slice() : data;
  const words = new Uint32Array(buffer, byteOffset, byteLength >> 2);
  return (from, to) => {
    const [first, last] = [Math.min(to, (from + 3) & ~3), Math.max(from, to & ~3)];
    for (let i = from; i < first; i++) if (data[i] !== 0) return false;
    for (let i = last; i < to; i++) if (data[i] !== 0) return false;
    for (let i = first >> 2; i < last >> 2; i++) if (words[i] !== 0) return false;
    return true;
  };
}

/**
 * A prediction: flat colour of the class, or its contours, dashed so that they differ from those of labels. It is clear
 * below `labels` (null: none) that can be seen by `labelTable`, or their colours would mix. `scale` and `origin` place it on the
 * labels' plane.
 */
export function colourPrediction(pixels, slice, rect, table, { labels, labelTable = table, scale, origin, isContour = false, width = 1, dash = 4 }) {
  const { data, cols } = slice;
  const above = labels && new Int32Array(rect.c1 - rect.c0).map((_, i) => nearest(i + rect.c0 + origin.c0, scale[1], labels.cols));
  let seen = 0;
  let at = 0;
  for (let r = rect.r0; r < rect.r1; r++) {
    const row = labels && nearest(r + origin.r0, scale[0], labels.rows) * labels.cols;
    for (let i = r * cols + rect.c0, c = rect.c0; c < rect.c1; i++, c++) {
      const isBelow = labels && labelTable[labels.data[row + above[c - rect.c0]]];
      const isGap = isContour && (!isEdge(slice, r, c, i, width) || isBetweenDashes(r, c, dash));
      seen |= pixels[at++] = isBelow || isGap ? 0 : table[data[i]];
    }
  }
  return seen !== 0;
}

/** Confidence 0…255 through a table of 256 pixels; where nothing is predicted it is clear. */
export function colourConfidence(pixels, { data, cols }, rect, table) {
  let seen = 0;
  let at = 0;
  for (let r = rect.r0; r < rect.r1; r++) {
    const end = r * cols + rect.c1;
    for (let i = r * cols + rect.c0; i < end; i++) seen |= pixels[at++] = data[i] && table[data[i]];
  }
  return seen !== 0;
}

/**
 * Where a label and the prediction, whose numbers `translation` gives as labels, disagree: `stripes` = [one, other] pixels, in
 * diagonals `dash` wide; uncertain and hidden labels never do.
 */
export function colourDifference(pixels, { data, cols }, rect, table, stripes, { labels, translation = null, scale, origin, dash = 4 }) {
  const above = new Int32Array(rect.c1 - rect.c0).map((_, i) => nearest(i + rect.c0 + origin.c0, scale[1], labels.cols));
  let seen = 0;
  let at = 0;
  for (let r = rect.r0; r < rect.r1; r++) {
    const row = nearest(r + origin.r0, scale[0], labels.rows) * labels.cols;
    for (let i = r * cols + rect.c0, c = rect.c0; c < rect.c1; i++, c++) {
      const label = labels.data[row + above[c - rect.c0]];
      const isWrong = label !== 0 && label !== (translation ? translation[data[i]] : data[i]) && label !== UNCERTAIN && table[label];
      seen |= pixels[at++] = isWrong ? stripes[Math.floor((r + c) / dash) & 1] : 0;
    }
  }
  return seen !== 0;
}

// The voxel of the labels in the middle of a pixel of a level.
const nearest = (at, scale, length) => Math.min(length - 1, Math.floor((at + 0.5) * scale));

// Neither rows, columns nor diagonals run along these stripes: a line in any of the eight directions is dashed.
const isBetweenDashes = (r, c, dash) => Math.floor((2 * r + 3 * c) / (3 * dash)) & 1;

// A voxel from which another value lies `width` voxels away along its row or column; the plane's own border is no edge.
function isEdge({ data, rows, cols }, r, c, i, width) {
  const value = data[i];
  if (data[i - Math.min(width, r) * cols] !== value || data[i - Math.min(width, c)] !== value) return true;
  return data[i + Math.min(width, cols - 1 - c)] !== value || data[i + Math.min(width, rows - 1 - r) * cols] !== value;
}
