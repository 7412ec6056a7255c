// Filling a polygon, even-odd: a voxel belongs to it if its centre does.

/** Give spans {row, c0, c1} (inside rows × cols, rows in order) of the closed polygon through `points` [{row, col}, …]. */
export function fillPolygon(points, rows, cols) {
  if (points.length < 3) return [];
  const heights = points.map(({ row }) => row);
  const first = Math.max(0, Math.floor(Math.min(...heights)));
  const last = Math.min(rows - 1, Math.floor(Math.max(...heights)));
  const spans = [];
  const edges = edgesOf(points);
  for (let row = first; row <= last; row++) addRow(spans, row, crossEdges(edges, row + 0.5), cols);
  return spans;
}

/** Give the SVG path through `points`, closed or open, in voxels. */
export function pathOf(points, isClosed) {
  if (!points.length) return "";
  return `M${points.map(({ row, col }) => `${trim(col)} ${trim(row)}`).join("L")}${isClosed ? "Z" : ""}`;
}

const trim = (value) => Math.round(value * 1000) / 1000;

function edgesOf(points) {
  return points.map((point, i) => [point, points[(i + 1) % points.length]]).filter(([a, b]) => a.row !== b.row);
}

// An edge counts from its upper end (included) to its lower (excluded), so that a corner is crossed once and not twice.
function crossEdges(edges, y) {
  const crossings = [];
  for (const [a, b] of edges) {
    if (a.row <= y === b.row <= y) continue;
    crossings.push(a.col + ((y - a.row) / (b.row - a.row)) * (b.col - a.col));
  }
  return crossings.sort((a, b) => a - b);
}

function addRow(spans, row, crossings, cols) {
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const c0 = Math.max(0, Math.ceil(crossings[i] - 0.5));
    const c1 = Math.min(cols, Math.ceil(crossings[i + 1] - 0.5));
    if (c0 < c1) spans.push({ row, c0, c1 });
  }
}
