import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom, pick } from "./static.mjs";

const { stepSize, sweepBrush } = await load("brush");
const { boundSpans } = await load("spans");

const SQUARE = { row: 1, col: 1 };

function paint(spans, rows, cols) {
  const mask = new Uint8Array(rows * cols);
  for (const { row, c0, c1 } of spans) {
    assert.ok(row >= 0 && row < rows && c0 >= 0 && c1 <= cols && c0 < c1);
    mask.fill(1, row * cols + c0, row * cols + c1);
  }
  return mask;
}

function distance(y, x, a, b) {
  const [dy, dx] = [b.y - a.y, b.x - a.x];
  const length = dy * dy + dx * dx;
  const t = length ? Math.min(1, Math.max(0, ((y - a.y) * dy + (x - a.x) * dx) / length)) : 0;
  return Math.hypot(y - a.y - t * dy, x - a.x - t * dx);
}

test("a sweep covers exactly the voxels whose centre is near the path", () => {
  const random = makeRandom(2);
  const [rows, cols] = [40, 50];
  for (let i = 0; i < 200; i++) {
    const aspect = pick(random, [SQUARE, { row: 2.5, col: 1 }, { row: 1, col: 3 }]);
    const [from, to] = [0, 1].map(() => ({ row: random() * 60 - 10, col: random() * 70 - 10 }));
    const diameter = integer(random, 1, 25);
    const mask = paint(sweepBrush(from, to, diameter, aspect, rows, cols), rows, cols);
    const [a, b] = [from, to].map(({ row, col }) => ({ y: row * aspect.row, x: col * aspect.col }));
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) {
        const gap = distance((r + 0.5) * aspect.row, (c + 0.5) * aspect.col, a, b) - diameter / 2;
        const isTip = r === Math.floor(to.row) && c === Math.floor(to.col);
        if (Math.abs(gap) > 1e-9 && !isTip) assert.equal(mask[r * cols + c], gap < 0 ? 1 : 0, `voxel ${r}, ${c}`);
      }
    }
  }
});

test("a brush of one voxel paints the voxel under the pointer and no hole in a line", () => {
  assert.deepEqual(sweepBrush({ row: 3.9, col: 2.1 }, { row: 3.9, col: 2.1 }, 1, SQUARE, 10, 10), [{ row: 3, c0: 2, c1: 3 }]);
  const spans = sweepBrush({ row: 0.5, col: 0.5 }, { row: 9.5, col: 0.5 }, 1, SQUARE, 10, 10);
  assert.equal(paint(spans, 10, 10).reduce((a, b) => a + b), 10);
});

test("a brush outside the plane paints nothing", () => {
  assert.deepEqual(sweepBrush({ row: -30, col: 5 }, { row: -20, col: 5 }, 8, SQUARE, 10, 10), []);
  assert.equal(boundSpans([]), null);
});

test("sizes step by one while small and stay between 1 and 512", () => {
  assert.equal(stepSize(3, 1), 4);
  assert.equal(stepSize(1, -1), 1);
  assert.equal(stepSize(512, 1), 512);
  assert.ok(stepSize(80, 1) - 80 > 5);
});
