// Spans: the voxels of a plane that a tool covers, as half-open runs {row, c0, c1} of rows.

/** Give the rectangle {r0, r1, c0, c1} that holds all spans, or null. */
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

/** Count the voxels of spans that do not overlap. */
export const countSpans = (spans) => spans.reduce((sum, { c0, c1 }) => sum + c1 - c0, 0);

/** Give the outline of spans (at most one per row, rows in order, as of a brush) as an SVG path in voxels. */
export function outlineSpans(spans) {
  if (!spans.length) return "";
  const down = spans.map(({ row, c1 }) => `H${c1}V${row + 1}`).join("");
  const up = [...spans].reverse().map(({ row, c0 }) => `H${c0}V${row}`).join("");
  return `M${spans[0].c0} ${spans[0].row}${down}${up}Z`;
}
