// Rectangles and ellipses between two corners {row, col}; a voxel belongs to a shape if its centre does.

/** Move corner `to` so that the shape from `from` is as high as wide in physical units (a square, a circle). */
export function evenCorner(from, to, aspect) {
  const [height, width] = [(to.row - from.row) * aspect.row, (to.col - from.col) * aspect.col];
  const edge = Math.max(Math.abs(height), Math.abs(width));
  const sign = (value) => (value < 0 ? -1 : 1);
  return { row: from.row + (sign(height) * edge) / aspect.row, col: from.col + (sign(width) * edge) / aspect.col };
}

/** Give spans {row, c0, c1} inside rows × cols of the rectangle between two corners. */
export function fillRectangle(from, to, rows, cols) {
  const { top, bottom, left, right } = sidesOf(from, to);
  return fillRows(top, bottom, rows, cols, () => [left, right]);
}

/** Give spans {row, c0, c1} inside rows × cols of the ellipse that touches the sides of that rectangle. */
export function fillEllipse(from, to, rows, cols) {
  const { top, bottom, left, right } = sidesOf(from, to);
  const [cy, cx, ry, rx] = [(top + bottom) / 2, (left + right) / 2, (bottom - top) / 2, (right - left) / 2];
  return fillRows(top, bottom, rows, cols, (y) => {
    const share = ry ? (y - cy) / ry : 0;
    const half = rx * Math.sqrt(Math.max(0, 1 - share * share));
    return [cx - half, cx + half];
  });
}

/** Give the outline of a rectangle or ellipse as an SVG path in voxels. */
export function outlineShape(name, from, to) {
  const { top, bottom, left, right } = sidesOf(from, to);
  if (name === "rectangle") return `M${left} ${top}H${right}V${bottom}H${left}Z`;
  const [cy, ry, rx] = [(top + bottom) / 2, (bottom - top) / 2, (right - left) / 2];
  return `M${left} ${cy}A${rx} ${ry} 0 1 1 ${right} ${cy}A${rx} ${ry} 0 1 1 ${left} ${cy}Z`;
}

function sidesOf(from, to) {
  const [top, bottom] = from.row < to.row ? [from.row, to.row] : [to.row, from.row];
  const [left, right] = from.col < to.col ? [from.col, to.col] : [to.col, from.col];
  return { top, bottom, left, right };
}

// Sides are half-open like everything else: two rectangles side by side share no voxel.
function fillRows(top, bottom, rows, cols, sidesAt) {
  const spans = [];
  const [first, last] = [Math.max(0, Math.ceil(top - 0.5)), Math.min(rows, Math.ceil(bottom - 0.5))];
  for (let row = first; row < last; row++) {
    const [left, right] = sidesAt(row + 0.5);
    const c0 = Math.max(0, Math.ceil(left - 0.5));
    const c1 = Math.min(cols, Math.ceil(right - 0.5));
    if (c0 < c1) spans.push({ row, c0, c1 });
  }
  return spans;
}
