// Which part of which pyramid level a plane on the screen needs. Parts are cut at multiples of a grid, so that small
// pans need nothing new and neighbouring slices share one part; what is small is fetched whole.

import { extentOf, orderOf } from "./plane.mjs";
import { areaOf, contains, grow, scaleDown, whole } from "./rect.mjs";
import { levelFor } from "./view.mjs";

const GRID_PX = 256;

const MARGIN_PX = 64;

const WHOLE_BYTES = 2 ** 20;

/** The most bytes that one request for an image may bring. */
export const MOST_BYTES = 8 * 2 ** 20;

// A part that is kept after zooming in may be this many times larger than needed.
const LARGEST_SHARE = 4;

const COARSE_PX = 128;

/** Give the size and scale of the planes across `axis` in `levels[level]`. */
export function gridOfLevel(levels, level, axis) {
  const { shape, scale } = levels[level];
  const { row, col, depth } = orderOf(axis);
  return { ...extentOf(axis, shape), scale: [scale[row], scale[col]], step: scale[depth] };
}

/**
 * Give {level, region, isWhole} to fetch so that `view` is sharp: `region` is {r0, r1, c0, c1} in pixels of the level.
 * `previous`, the answer for an earlier view of the same volume and axis, is kept while it holds all that is visible.
 */
export function chooseRegion(levels, axis, view, { bytesPerVoxel = 1, pixelRatio = 1, previous = null } = {}) {
  let level = levelFor(levels, axis, view, pixelRatio);
  let found = cut(levels, level, axis, view, bytesPerVoxel, previous);
  while (areaOf(found.region) * bytesPerVoxel > MOST_BYTES && level + 1 < levels.length) {
    level += 1;
    found = cut(levels, level, axis, view, bytesPerVoxel, previous);
  }
  return found;
}

/** Give the coarsest level whose planes are still worth looking at. */
export function coarseLevel(levels, axis) {
  for (let level = levels.length - 1; level > 0; level--) {
    const { rows, cols } = gridOfLevel(levels, level, axis);
    if (Math.max(rows, cols) >= COARSE_PX) return level;
  }
  return 0;
}

function cut(levels, level, axis, view, bytesPerVoxel, previous) {
  const { rows, cols, scale } = gridOfLevel(levels, level, axis);
  if (rows * cols * bytesPerVoxel <= WHOLE_BYTES) return { level, region: whole(rows, cols), isWhole: true };
  const needed = scaleDown(view.visibleRect(), scale);
  const rounded = roundOut(needed, rows, cols);
  if (canKeep(previous, level, needed, rounded)) return previous;
  return { level, region: rounded, isWhole: areaOf(rounded) === rows * cols };
}

function canKeep(previous, level, needed, rounded) {
  return previous?.level === level && contains(previous.region, needed) && areaOf(previous.region) <= LARGEST_SHARE * areaOf(rounded);
}

/** Give `rect` with a margin, its edges moved outwards to the grid but not over the plane's. */
export function roundOut(rect, rows, cols) {
  const { r0, r1, c0, c1 } = grow(rect, MARGIN_PX, rows, cols);
  const down = (value, length) => Math.min(Math.floor(value / GRID_PX), Math.ceil(length / GRID_PX) - 1) * GRID_PX;
  const up = (value, length) => Math.min(length, Math.max(1, Math.ceil(value / GRID_PX)) * GRID_PX);
  return { r0: down(r0, rows), r1: up(r1, rows), c0: down(c0, cols), c1: up(c1, cols) };
}
