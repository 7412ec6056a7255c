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

/** Labels: translucent inside, strong along the edge; uncertain is hatched. */
export function colourLabels(pixels, slice, rect, { fill, edge }) {
  const { data, cols } = slice;
  let seen = 0;
  let at = 0;
  for (let r = rect.r0; r < rect.r1; r++) {
    for (let c = rect.c0; c < rect.c1; c++, at++) {
      const value = data[r * cols + c];
      if (value === 0) pixels[at] = 0;
      else if (value === UNCERTAIN) pixels[at] = (r + c) & 2 ? edge[value] : fill[value];
      else if (isEdge(slice, r, c, value)) pixels[at] = edge[value];
      else pixels[at] = fill[value];
      seen |= value;
    }
  }
  return seen !== 0;
}

/** A prediction: flat colour of the class; clear below labels that can be seen, or their colours would mix. */
export function colourPrediction(pixels, { data, cols }, rect, table, { labels, scale }) {
  let seen = 0;
  let at = 0;
  for (let r = rect.r0; r < rect.r1; r++) {
    const above = labels && Math.min(labels.rows - 1, Math.floor((r + 0.5) * scale[0])) * labels.cols;
    for (let c = rect.c0; c < rect.c1; c++) {
      const isBelow = labels && table[labels.data[above + Math.min(labels.cols - 1, Math.floor((c + 0.5) * scale[1]))]];
      seen |= pixels[at++] = isBelow ? 0 : table[data[r * cols + c]];
    }
  }
  return seen !== 0;
}

function isEdge({ data, rows, cols }, r, c, value) {
  const i = r * cols + c;
  if (r > 0 && data[i - cols] !== value) return true;
  if (c > 0 && data[i - 1] !== value) return true;
  if (c < cols - 1 && data[i + 1] !== value) return true;
  return r < rows - 1 && data[i + cols] !== value;
}
