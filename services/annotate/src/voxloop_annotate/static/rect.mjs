// Half-open rectangles {r0, r1, c0, c1} on a grid of rows and columns.

export const isEmpty = (rect) => !rect || rect.r0 >= rect.r1 || rect.c0 >= rect.c1;

/** Give the smallest rectangle that holds both; null stands for nothing. */
export function unite(a, b) {
  if (isEmpty(a)) return isEmpty(b) ? null : b;
  if (isEmpty(b)) return a;
  return { r0: Math.min(a.r0, b.r0), r1: Math.max(a.r1, b.r1), c0: Math.min(a.c0, b.c0), c1: Math.max(a.c1, b.c1) };
}

/** Give what both share, or null. */
export function intersect(a, b) {
  if (isEmpty(a) || isEmpty(b)) return null;
  const shared = { r0: Math.max(a.r0, b.r0), r1: Math.min(a.r1, b.r1), c0: Math.max(a.c0, b.c0), c1: Math.min(a.c1, b.c1) };
  return isEmpty(shared) ? null : shared;
}

/** Grow by `margin` on each side, within a grid of rows × cols. */
export function grow(rect, margin, rows, cols) {
  return {
    r0: Math.max(0, rect.r0 - margin),
    r1: Math.min(rows, rect.r1 + margin),
    c0: Math.max(0, rect.c0 - margin),
    c1: Math.min(cols, rect.c1 + margin),
  };
}

/** Give the rectangle in pixels of `scale` = [row, col] voxels each that holds a rectangle of voxels. */
export function scaleDown({ r0, r1, c0, c1 }, [row, col]) {
  return { r0: Math.floor(r0 / row), r1: Math.ceil(r1 / row), c0: Math.floor(c0 / col), c1: Math.ceil(c1 / col) };
}

export const whole = (rows, cols) => ({ r0: 0, r1: rows, c0: 0, c1: cols });

/** Say whether `outer` holds all of `inner`; nothing is held by anything. */
export function contains(outer, inner) {
  if (isEmpty(inner)) return true;
  return !isEmpty(outer) && outer.r0 <= inner.r0 && outer.c0 <= inner.c0 && outer.r1 >= inner.r1 && outer.c1 >= inner.c1;
}

/** Give the rectangle moved by a number of rows and columns. */
export function move({ r0, r1, c0, c1 }, rows, cols) {
  return { r0: r0 + rows, r1: r1 + rows, c0: c0 + cols, c1: c1 + cols };
}

export const areaOf = (rect) => (isEmpty(rect) ? 0 : (rect.r1 - rect.r0) * (rect.c1 - rect.c0));
