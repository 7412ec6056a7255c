import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { View, centerNear, fitView, levelFor } = await load("view");
const { crossPath } = await load("crosshair");

const GRID = { shape: [20, 100, 200], voxelSize: [4, 1, 2] };
const SCREEN = { width: 800, height: 600 };
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test("screen to plane and back is the identity on every axis", () => {
  for (const axis of ["z", "y", "x"]) {
    const view = new View(GRID, axis, 3.7, [11, 52, 93], SCREEN);
    near(view.x(view.col(123)), 123);
    near(view.y(view.row(456)), 456);
  }
});

test("voxels have their true proportions", () => {
  const view = new View(GRID, "y", 2, [10, 50, 100], SCREEN);
  near(view.y(1) - view.y(0), 8);
  near(view.x(1) - view.x(0), 4);
});

test("zooming keeps what is under the pointer", () => {
  const view = new View(GRID, "z", 2, [10, 50, 100], SCREEN);
  const { zoom, center } = view.zoomAt(500, 200, 1.5);
  const zoomed = new View(GRID, "z", zoom, center, SCREEN);
  near(zoomed.row(200), view.row(200));
  near(zoomed.col(500), view.col(500));
});

test("panning never loses the image", () => {
  const view = new View(GRID, "z", 2, [10, 50, 100], SCREEN);
  assert.deepEqual(view.panBy(1e6, -1e6), [10, 100, 0]);
});

test("a fitted plane is inside the screen and touches its margin", () => {
  const { zoom, center } = fitView(GRID, "z", SCREEN);
  const view = new View(GRID, "z", zoom, center, SCREEN);
  near(Math.min(view.x(0), view.y(0)), 16);
  assert.deepEqual(view.visibleRect(), { r0: 0, r1: 100, c0: 0, c1: 200 });
});

test("the level is the coarsest that is no coarser than the screen", () => {
  const levels = [1, 2, 4].map((factor) => ({ scale: [factor, factor, factor] }));
  const at = (zoom, ratio) => levelFor(levels, "z", new View({ shape: [9, 9, 9], voxelSize: [1, 1, 1] }, "z", zoom, [4, 4, 4], SCREEN), ratio);
  assert.deepEqual([at(8, 1), at(1, 1), at(0.5, 1), at(0.5, 2), at(0.26, 1), at(0.25, 1), at(0.01, 1)], [0, 0, 1, 0, 1, 2, 2]);
});

test("a small plane shows the crosshair well inside, and its middle where it fits", () => {
  const small = { width: 200, height: 150 };
  const center = centerNear(GRID, "z", 8, [10, 0, 200], small, [10, 60, 100]);
  const view = new View(GRID, "z", 8, center, small);
  assert.ok(view.x(100.5) >= 47 && view.x(100.5) <= 153, String(view.x(100.5)));
  assert.ok(view.y(60.5) >= 36 && view.y(60.5) <= 114, String(view.y(60.5)));
  assert.deepEqual(centerNear(GRID, "z", 0.4, [10, 0, 0], small, [10, 60, 100]), [10, 50, 100]);
  const calm = [10, 61, 101];
  assert.deepEqual(centerNear(GRID, "z", 8, calm, small, [10, 60, 100]), calm);
});

test("moving a small plane moves the centre that all share by as much", () => {
  const view = new View(GRID, "z", 2, [10, 40, 90], SCREEN, [10, 50, 100]);
  const moved = view.panBy(-40, 20);
  assert.deepEqual(moved, [10, 40, 110]);
});

test("the crosshair goes through the middle of its voxel and ends where the image does", () => {
  const view = new View(GRID, "z", 4, [10, 50, 100], SCREEN);
  const [x, y] = [Math.round(view.x(90.5)) + 0.5, Math.round(view.y(40.5)) + 0.5];
  const path = crossPath(view, [10, 40, 90]);
  assert.ok(path.includes(` ${y}H`) && path.includes(`M${x} `), path);
  const rows = path.match(/M[-\d.]+ [-\d.]+V[-\d.]+/g).flatMap((line) => [Number(line.split(" ")[1].split("V")[0]), Number(line.split("V")[1])]);
  assert.equal(Math.min(...rows), Math.round(view.y(0)));
  assert.equal(Math.max(...rows), Math.round(view.y(100)));
});
