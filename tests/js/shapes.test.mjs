import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom, pick } from "./static.mjs";

const { fillPolygon } = await load("polygon");
const { evenCorner, fillEllipse, fillRectangle } = await load("shapes");
const { outlineSpans } = await load("spans");
const { sweepBrush } = await load("brush");

const [ROWS, COLS] = [30, 40];

function paint(spans) {
  const mask = new Uint8Array(ROWS * COLS);
  for (const { row, c0, c1 } of spans) {
    assert.ok(row >= 0 && row < ROWS && c0 >= 0 && c1 <= COLS && c0 < c1);
    for (let c = c0; c < c1; c++) assert.equal(mask[row * COLS + c]++, 0, "a voxel is painted once");
  }
  return mask;
}

function each(mask, claim) {
  for (let r = 0; r < ROWS; r++) for (let c = 0; c < COLS; c++) assert.equal(mask[r * COLS + c], claim(r + 0.5, c + 0.5) ? 1 : 0, `voxel ${r}, ${c}`);
}

function isIn(points, y, x) {
  let isInside = false;
  points.forEach((a, i) => {
    const b = points[(i + 1) % points.length];
    if (a.row <= y !== b.row <= y && x < a.col + ((y - a.row) / (b.row - a.row)) * (b.col - a.col)) isInside = !isInside;
  });
  return isInside;
}

test("a polygon holds exactly the voxels whose centre is inside, even-odd, however it crosses itself", () => {
  const random = makeRandom(11);
  for (let round = 0; round < 300; round++) {
    const points = Array.from({ length: integer(random, 3, 9) }, () => ({ row: random() * 50 - 10, col: random() * 60 - 10 }));
    each(paint(fillPolygon(points, ROWS, COLS)), (y, x) => isIn(points, y, x));
  }
});

test("polygons with corners on centres and on edges neither overlap nor leave a gap", () => {
  const square = (r, c) => [{ row: r, col: c }, { row: r, col: c + 5 }, { row: r + 5, col: c + 5 }, { row: r + 5, col: c }];
  for (const at of [0, 0.5]) {
    const all = [fillPolygon(square(at, at), ROWS, COLS), fillPolygon(square(at, at + 5), ROWS, COLS), fillPolygon(square(at + 5, at), ROWS, COLS)].flat();
    assert.equal(paint(all).reduce((a, b) => a + b), 75);
  }
});

test("fewer than three points hold nothing", () => {
  assert.deepEqual(fillPolygon([{ row: 1, col: 1 }, { row: 9, col: 9 }], ROWS, COLS), []);
});

test("rectangle and ellipse hold exactly the voxels whose centre is inside, whichever corner comes first", () => {
  const random = makeRandom(12);
  for (let round = 0; round < 200; round++) {
    const [a, b] = [0, 1].map(() => ({ row: random() * 40 - 5, col: random() * 50 - 5 }));
    const [top, bottom, left, right] = [Math.min(a.row, b.row), Math.max(a.row, b.row), Math.min(a.col, b.col), Math.max(a.col, b.col)];
    each(paint(fillRectangle(a, b, ROWS, COLS)), (y, x) => y >= top && y < bottom && x >= left && x < right);
    const share = (y, x) => ((2 * y - top - bottom) / (bottom - top)) ** 2 + ((2 * x - left - right) / (right - left)) ** 2;
    each(paint(fillEllipse(a, b, ROWS, COLS)), (y, x) => share(y, x) <= 1);
  }
});

test("with shift a shape is as high as wide in physical units", () => {
  const aspect = { row: 4, col: 1 };
  for (const to of [{ row: 12, col: 13 }, { row: 8, col: 22 }, { row: 2, col: 3 }]) {
    const even = evenCorner({ row: 10, col: 10 }, to, aspect);
    assert.ok(Math.abs(Math.abs(even.row - 10) * 4 - Math.abs(even.col - 10)) < 1e-9);
    assert.equal(Math.sign(even.row - 10), Math.sign(to.row - 10));
    assert.equal(Math.sign(even.col - 10), Math.sign(to.col - 10));
  }
});

/** Walk an SVG path of M, H, V, Z and give the area inside (shoelace). */
function areaOf(path) {
  const points = [];
  let [x, y] = [0, 0];
  for (const [, letter, numbers] of path.matchAll(/([MHVZ])([-\d. ]*)/g)) {
    const values = numbers.trim().split(" ").map(Number);
    if (letter === "M") [x, y] = values;
    else if (letter === "H") [x] = values;
    else if (letter === "V") [y] = values;
    if (letter !== "Z") points.push([x, y]);
  }
  return Math.abs(points.reduce((sum, [xa, ya], i) => sum + xa * points[(i + 1) % points.length][1] - points[(i + 1) % points.length][0] * ya, 0)) / 2;
}

test("the brush's outline runs around exactly the voxels that it would paint", () => {
  const random = makeRandom(13);
  for (let round = 0; round < 200; round++) {
    const at = { row: random() * ROWS, col: random() * COLS };
    const aspect = pick(random, [{ row: 1, col: 1 }, { row: 5, col: 1 }, { row: 1, col: 3 }]);
    const spans = sweepBrush(at, at, integer(random, 1, 20), aspect, ROWS, COLS);
    const path = outlineSpans(spans);
    assert.equal(areaOf(path), paint(spans).reduce((a, b) => a + b));
    assert.ok(path.endsWith("Z") && path.split("M").length === 2, "one closed line");
    assert.ok(spans.some(({ row, c0, c1 }) => row === Math.floor(at.row) && c0 <= at.col && at.col < c1), "it holds the voxel under the tip");
  }
});
