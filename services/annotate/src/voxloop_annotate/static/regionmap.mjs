// Regions (superpixels) of a part of a plane: which one is where, its voxels, its outline.

export class RegionMap {
  /** `data` holds a region's number per voxel of `rect` {r0, r1, c0, c1}, row by row. */
  constructor(data, rect) {
    Object.assign(this, { data, rect, width: rect.c1 - rect.c0 });
    this.bounds = boundRegions(data, this.width);
  }

  /** Give the number of the region at a place of the plane, or null outside. */
  at({ row, col }) {
    const [r, c] = [Math.floor(row) - this.rect.r0, Math.floor(col) - this.rect.c0];
    return r >= 0 && c >= 0 && row < this.rect.r1 && c < this.width ? this.data[r * this.width + c] : null;
  }

  /** Give the region's voxels as spans of the plane, rows in order. */
  spansOf(number) {
    const spans = [];
    this.#eachRun(number, (r, from, to) => spans.push({ row: r + this.rect.r0, c0: from + this.rect.c0, c1: to + this.rect.c0 }));
    return spans;
  }

  /** Give the edges between the region and what is around it as an SVG path in voxels of the plane. */
  outlineOf(number) {
    const parts = [];
    const { r0, c0 } = this.rect;
    const bounds = this.bounds.get(number);
    if (!bounds) return "";
    this.#eachRun(number, (r, from, to) => parts.push(`M${from + c0} ${r + r0}v1M${to + c0} ${r + r0}v1`));
    for (let r = bounds.r0; r <= bounds.r1; r++) this.#addSteps(parts, number, r, bounds);
    return parts.join("");
  }

  // The horizontal edges between row r - 1 and row r.
  #addSteps(parts, number, r, { c0, c1 }) {
    for (let c = c0; c < c1; c++) {
      const start = c;
      while (c < c1 && this.#isIn(number, r, c) !== this.#isIn(number, r - 1, c)) c++;
      if (c > start) parts.push(`M${start + this.rect.c0} ${r + this.rect.r0}h${c - start}`);
    }
  }

  #isIn(number, r, c) {
    return r >= 0 && r < this.rect.r1 - this.rect.r0 && this.data[r * this.width + c] === number;
  }

  #eachRun(number, tell) {
    const bounds = this.bounds.get(number);
    for (let r = bounds?.r0; r < bounds?.r1; r++) {
      for (let c = bounds.c0; c < bounds.c1; c++) {
        const start = c;
        while (c < bounds.c1 && this.#isIn(number, r, c)) c++;
        if (c > start) tell(r, start, c);
      }
    }
  }
}

function boundRegions(data, width) {
  const bounds = new Map();
  for (let i = 0; i < data.length; i++) {
    const [r, c] = [Math.floor(i / width), i % width];
    const known = bounds.get(data[i]);
    if (!known) bounds.set(data[i], { r0: r, r1: r + 1, c0: c, c1: c + 1 });
    else {
      known.r1 = r + 1;
      if (c < known.c0) known.c0 = c;
      if (c >= known.c1) known.c1 = c + 1;
    }
  }
  return bounds;
}

const GRID = 128;

const MOST = 1024;

/** Give the part of the plane whose regions to ask for: what is visible, cut at a grid so that small pans need nothing new, at most 1024² around `place`. */
export function regionPart(visible, place, { rows, cols }) {
  const [r0, r1] = partOf(visible.r0, visible.r1, place.row, rows);
  const [c0, c1] = partOf(visible.c0, visible.c1, place.col, cols);
  return { r0, r1, c0, c1 };
}

function partOf(low, high, at, length) {
  const [first, last] = [Math.floor(low / GRID) * GRID, Math.min(length, Math.ceil(high / GRID) * GRID)];
  if (last - first <= MOST) return [first, last];
  const start = Math.max(first, Math.min(Math.floor(at / GRID) * GRID - MOST / 2, Math.floor((last - MOST) / GRID) * GRID));
  return [start, Math.min(last, start + MOST)];
}
