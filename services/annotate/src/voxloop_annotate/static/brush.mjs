// A round brush: which voxels it covers on its way from one point to another.
// Points are (row, col) in voxels, voxel (r, c) has its centre at (r + 0.5, c + 0.5). `aspect` = {row, col} is the
// edge length of a voxel in units of the shortest one, so that the brush is round on the screen for any voxel size.

/** Give spans {row, c0, c1} (half-open, inside rows × cols) of a brush of `diameter` moved from `from` to `to`. */
export function sweepBrush(from, to, diameter, aspect, rows, cols) {
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
  addPoint(spans, to, rows, cols);
  return spans;
}

/** Give the rectangle that holds all spans, or null. */
export function boundSpans(spans) {
  if (!spans.length) return null;
  const rect = { r0: Infinity, r1: 0, c0: Infinity, c1: 0 };
  for (const { row, c0, c1 } of spans) {
    rect.r0 = Math.min(rect.r0, row);
    rect.r1 = Math.max(rect.r1, row + 1);
    rect.c0 = Math.min(rect.c0, c0);
    rect.c1 = Math.max(rect.c1, c1);
  }
  return rect;
}

/** Give the next brush size up or down: steps of one while small, of an eighth when large. */
export function stepSize(size, direction) {
  const step = Math.max(1, Math.round(size / 8));
  return Math.min(512, Math.max(1, size + direction * step));
}

function scalePath(from, to, aspect) {
  return { y0: from.row * aspect.row, x0: from.col * aspect.col, y1: to.row * aspect.row, x1: to.col * aspect.col };
}

// A capsule is convex, so the union of what a line shares with its two discs and its slab is one interval.
function crossCapsule(y, path, radius) {
  const parts = [crossDisc(y, path.y0, path.x0, radius), crossDisc(y, path.y1, path.x1, radius), crossSlab(y, path, radius)];
  return [Math.min(...parts.map((part) => part[0])), Math.max(...parts.map((part) => part[1]))];
}

function crossDisc(y, cy, cx, radius) {
  const square = radius * radius - (y - cy) * (y - cy);
  if (square < 0) return [Infinity, -Infinity];
  const half = Math.sqrt(square);
  return [cx - half, cx + half];
}

function crossSlab(y, { y0, x0, y1, x1 }, radius) {
  const length = Math.hypot(y1 - y0, x1 - x0);
  if (length === 0) return [Infinity, -Infinity];
  const ny = ((x1 - x0) / length) * radius;
  const nx = (-(y1 - y0) / length) * radius;
  const corners = [[y0 + ny, x0 + nx], [y1 + ny, x1 + nx], [y1 - ny, x1 - nx], [y0 - ny, x0 - nx]];
  const crossings = corners.flatMap((corner, i) => crossEdge(y, corner, corners[(i + 1) % 4]));
  return crossings.length ? [Math.min(...crossings), Math.max(...crossings)] : [Infinity, -Infinity];
}

function crossEdge(y, [ya, xa], [yb, xb]) {
  if ((ya < y && yb < y) || (ya > y && yb > y)) return [];
  if (ya === yb) return [xa, xb];
  return [xa + ((y - ya) / (yb - ya)) * (xb - xa)];
}

// A brush smaller than a voxel may miss every centre; what is under its tip is painted all the same.
function addPoint(spans, { row, col }, rows, cols) {
  const [r, c] = [Math.floor(row), Math.floor(col)];
  if (r < 0 || c < 0 || r >= rows || c >= cols) return;
  if (!spans.some((span) => span.row === r && span.c0 <= c && c < span.c1)) spans.push({ row: r, c0: c, c1: c + 1 });
}
