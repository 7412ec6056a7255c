// The plane cut across one axis of a volume: which of (z, y, x) run along its rows, columns and depth.

export const AXES = ["z", "y", "x"];

const ORDER = { z: { depth: 0, row: 1, col: 2 }, y: { depth: 1, row: 0, col: 2 }, x: { depth: 2, row: 0, col: 1 } };

/** Give the positions of depth, row and column of `axis` in a (z, y, x) triple. */
export const orderOf = (axis) => ORDER[axis];

/** Give {rows, cols, depth} of the planes across `axis` in a grid of `shape` (z, y, x). */
export function extentOf(axis, shape) {
  const { depth, row, col } = ORDER[axis];
  return { depth: shape[depth], rows: shape[row], cols: shape[col] };
}

/** Give the half-open box [[z0, z1], [y0, y1], [x0, x1]] of a rectangle on the plane `axis` = `index`. */
export function boxOf(axis, index, rect) {
  const { depth, row, col } = ORDER[axis];
  const box = [];
  box[depth] = [index, index + 1];
  box[row] = [rect.r0, rect.r1];
  box[col] = [rect.c0, rect.c1];
  return box;
}

/** Give the rectangle where a box meets the plane `axis` = `index`, or null. */
export function rectOf(axis, index, box) {
  const { depth, row, col } = ORDER[axis];
  if (index < box[depth][0] || index >= box[depth][1]) return null;
  return { r0: box[row][0], r1: box[row][1], c0: box[col][0], c1: box[col][1] };
}

/** Give the voxel [z, y, x] at a row and column of the plane `axis` = `index`. */
export function voxelAt(axis, index, row, col) {
  const order = ORDER[axis];
  const voxel = [];
  voxel[order.depth] = index;
  voxel[order.row] = row;
  voxel[order.col] = col;
  return voxel;
}

/** Give the lengths of a box along (z, y, x). */
export const sizeOf = (box) => box.map(([low, high]) => high - low);
