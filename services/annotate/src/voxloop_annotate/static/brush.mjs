// A round brush: which voxels it covers on its way from one point to another.
// Points are (row, col) in voxels, voxel (r, c) has its centre at (r + 0.5, c + 0.5). `aspect` = {row, col} is the
// edge length of a voxel in units of the shortest one, so that the brush is round on the screen for any voxel size.

/**
 * Give spans {row, c0, c1} (half-open, inside rows × cols, one per row) of a brush of `diameter` moved from `from` to `to`.
 * The voxel under the tip is among them however small the brush.
 */
export function sweepBrush(from, to, diameter, aspect, rows, cols) {
  const spans = sweepDisc(from, to, diameter, aspect, rows, cols);
  addPoint(spans, to, rows, cols);
  return spans;
}

/** Give the spans of the voxels whose centre is at most half of `diameter` from the path, and of no others. */
export function sweepDisc(from, to, diameter, aspect, rows, cols) {
  const path = scalePath(from, to, aspect);
  const radius = diameter / 2;
  const first = Math.max(0, Math.floor((Math.min(path.y0, path.y1) - radius) / aspect.row));
  const last = Math.min(rows - 1, Math.floor((Math.max(path.y0, path.y1) + radius) / aspect.row));
  const spans = [];
  for (let row = first; row <= last; row++) {
    const [low, high] = crossCapsule((row + 0.5) * aspect.row, path, radius);
    const c0 = Math.max(0, Math.ceil(low / aspect.col - 0.5));
    const c1 = Math.min(cols, Math.floor(high / aspect.col - 0.5) + 1);
    if (c0 < c1) spans.push({ row, c0, c1 });
  }
  return spans;
}

/** Give the next brush size up or down: steps of one while small, of an eighth when large. */
export function stepSize(size, direction) {
  const step = Math.max(1, Math.round(size / 8));
  return Math.min(512, Math.max(1, size + direction * step));
}

function scalePath(from, to, aspect) {
  const [y0, x0, y1, x1] = [from.row * aspect.row, from.col * aspect.col, to.row * aspect.row, to.col * aspect.col];
  return { y0, x0, y1, x1, dy: y1 - y0, dx: x1 - x0, length: Math.hypot(y1 - y0, x1 - x0) };
}

// A capsule is convex, so the union of what a line shares with its two discs and the slab between them is one interval.
function crossCapsule(y, path, radius) {
  let low = Infinity;
  let high = -Infinity;
  for (const [cy, cx] of [[path.y0, path.x0], [path.y1, path.x1]]) {
    const square = radius * radius - (y - cy) * (y - cy);
    if (square < 0) continue;
    const half = Math.sqrt(square);
    low = Math.min(low, cx - half);
    high = Math.max(high, cx + half);
  }
  if (path.length) [low, high] = crossSlab(y, path, radius, low, high);
  return [low, high];
}

// The slab holds what lies beside the path (at most `radius` from its line) and between its ends.
function crossSlab(y, { y0, x0, dy, dx, length }, radius, low, high) {
  const up = y - y0;
  const beside = solveInterval(dy, -up * dx, -radius * length, radius * length);
  const along = solveInterval(dx, up * dy, 0, length * length);
  const from = x0 + Math.max(beside[0], along[0]);
  const to = x0 + Math.min(beside[1], along[1]);
  return from <= to ? [Math.min(low, from), Math.max(high, to)] : [low, high];
}

// Give the interval of x with min <= slope * x + offset <= max.
function solveInterval(slope, offset, min, max) {
  if (slope === 0) return offset >= min && offset <= max ? [-Infinity, Infinity] : [Infinity, -Infinity];
  const [a, b] = [(min - offset) / slope, (max - offset) / slope];
  return a <= b ? [a, b] : [b, a];
}

// A brush smaller than a voxel may miss every centre; what is under its tip is painted all the same.
function addPoint(spans, { row, col }, rows, cols) {
  const [r, c] = [Math.floor(row), Math.floor(col)];
  if (r < 0 || c < 0 || r >= rows || c >= cols) return;
  if (spans.some((span) => span.row === r && span.c0 <= c && c < span.c1)) return;
  const same = spans.find((span) => span.row === r);
  if (same) Object.assign(same, { c0: Math.min(same.c0, c), c1: Math.max(same.c1, c + 1) });
  else spans.splice(spans.findIndex((span) => span.row > r) >>> 0, 0, { row: r, c0: c, c1: c + 1 });
}
