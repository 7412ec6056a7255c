import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom, pick } from "./static.mjs";

const { encodeArea } = await load("area");
const { sweepBrush, sweepDisc } = await load("brush");
const { IntensityFilter, rangeOf } = await load("intensityfilter");
const { LiveStroke } = await load("livestroke");
const { decodeRuns } = await load("mask");
const { extentOf, orderOf, sizeOf, voxelAt } = await load("plane");
const { Reach } = await load("reach");
const { Stroke } = await load("stroke");
const { aspectOf } = await load("view");

const GRIDS = [
  { shape: [12, 20, 25], voxelSize: [1, 1, 1] },
  { shape: [9, 16, 14], voxelSize: [2.5, 0.5, 0.7] },
];

const SETTINGS = { tool: "brush", value: 3, overwrite: "all", replaces: null, intensity: null };

/** Paint a body into an empty volume, voxel by voxel as the server's model does. */
function paintNaively({ box, runs }, shape) {
  const volume = new Uint8Array(shape.reduce((a, b) => a * b));
  const [dz, dy, dx] = sizeOf(box);
  decodeRuns(runs, dz * dy * dx).forEach((isSet, i) => {
    const [z, y, x] = [box[0][0] + Math.floor(i / (dy * dx)), box[1][0] + (Math.floor(i / dx) % dy), box[2][0] + (i % dx)];
    assert.ok(z >= 0 && y >= 0 && x >= 0 && z < shape[0] && y < shape[1] && x < shape[2]);
    if (isSet) volume[(z * shape[1] + y) * shape[2] + x] = 1;
  });
  return volume;
}

function eachVoxel([dz, dy, dx], tell) {
  for (let z = 0; z < dz; z++) for (let y = 0; y < dy; y++) for (let x = 0; x < dx; x++) tell([z, y, x], (z * dy + y) * dx + x);
}

function drag(random, grid, axis, reach, diameter) {
  const { depth, rows, cols } = extentOf(axis, grid.shape);
  const index = integer(random, 0, depth - 1);
  const live = new LiveStroke({ axis, index, rows, cols }, SETTINGS);
  live.extend(new Reach(reach, 2, { axis, index }, grid));
  const labels = new Uint8Array(rows * cols);
  const points = Array.from({ length: 3 }, () => ({ row: random() * rows, col: random() * cols }));
  const aspect = aspectOf(grid, axis);
  points.forEach((to, i) => {
    const from = points[Math.max(0, i - 1)];
    live.add(sweepBrush(from, to, diameter, aspect, rows, cols), labels);
    live.reach.discs(diameter).forEach((disc, far) => live.addSide(far + 1, sweepDisc(from, to, disc, aspect, rows, cols)));
  });
  return { live, index, labels, points, plane: { axis, index, rows, cols } };
}

function distanceToPath(point, path) {
  return Math.min(...path.slice(1).map((b, i) => distanceToSegment(point, path[i], b)));
}

function distanceToSegment(p, a, b) {
  const along = b.map((value, i) => value - a[i]);
  const square = along.reduce((sum, value) => sum + value * value, 0);
  const t = square ? Math.min(1, Math.max(0, p.reduce((sum, value, i) => sum + (value - a[i]) * along[i], 0) / square)) : 0;
  return Math.hypot(...p.map((value, i) => value - a[i] - t * along[i]));
}

test("a sphere marks exactly the voxels whose centre is near the path, in physical units, on every axis", () => {
  const random = makeRandom(21);
  for (let round = 0; round < 60; round++) {
    const grid = pick(random, GRIDS);
    const axis = pick(random, ["z", "y", "x"]);
    const diameter = integer(random, 3, 9);
    const { live, index, points } = drag(random, grid, axis, "sphere", diameter);
    const volume = paintNaively(live.finish("id").body, grid.shape);
    const unit = Math.min(...grid.voxelSize);
    const toUnits = (voxel) => voxel.map((at, i) => (at * grid.voxelSize[i]) / unit);
    const path = points.map(({ row, col }) => toUnits(voxelAt(axis, index + 0.5, row, col)));
    const tips = points.map(({ row, col }) => voxelAt(axis, index, Math.floor(row), Math.floor(col)).join());
    eachVoxel(grid.shape, (voxel, i) => {
      const gap = distanceToPath(toUnits(voxel.map((at) => at + 0.5)), path) - diameter / 2;
      if (Math.abs(gap) > 1e-9 && !tips.includes(voxel.join())) assert.equal(volume[i], gap < 0 ? 1 : 0, `voxel ${voxel}`);
    });
  }
});

test("a slab marks the same voxels on every slice up to n away, and none beyond the volume", () => {
  const random = makeRandom(22);
  for (let round = 0; round < 60; round++) {
    const grid = pick(random, GRIDS);
    const axis = pick(random, ["z", "y", "x"]);
    const { live, index, labels, plane } = drag(random, grid, axis, "slab", 4);
    const volume = paintNaively(live.finish("id").body, grid.shape);
    const { depth, row, col } = orderOf(axis);
    eachVoxel(grid.shape, (voxel, i) => {
      const isMarked = Math.abs(voxel[depth] - index) <= 2 && labels[voxel[row] * plane.cols + voxel[col]] === 3;
      assert.equal(volume[i], isMarked ? 1 : 0, `voxel ${voxel}`);
    });
  }
});

test("what is shown of a stroke on any plane is what is sent", () => {
  const random = makeRandom(23);
  for (let round = 0; round < 40; round++) {
    const grid = pick(random, GRIDS);
    const axis = pick(random, ["z", "y", "x"]);
    const { live, labels, plane } = drag(random, grid, axis, pick(random, ["slice", "slab", "sphere"]), 5);
    const stroke = live.finish("id");
    const volume = paintNaively(stroke.body, grid.shape);
    for (const other of ["z", "y", "x"]) {
      const { depth, rows, cols } = extentOf(other, grid.shape);
      const index = other === axis ? plane.index : integer(random, 0, depth - 1);
      const shown = new Uint8Array(rows * cols);
      new Stroke(stroke.body).applyTo(shown, { axis: other, index, cols });
      eachVoxel([1, rows, cols], ([, r, c], i) => {
        const [z, y, x] = voxelAt(other, index, r, c);
        assert.equal(shown[i], volume[(z * grid.shape[1] + y) * grid.shape[2] + x] * 3);
      });
      if (other === axis) assert.deepEqual(shown, labels);
    }
  }
});

test("an area is the same on every slice of a slab", () => {
  const shape = [10, 8, 9];
  const spans = [{ row: 2, c0: 1, c1: 4 }, { row: 3, c0: 0, c1: 2 }];
  for (const axis of ["z", "y", "x"]) {
    const volume = paintNaively(encodeArea({ axis, index: 4 }, [3, 6], spans, shape), shape);
    assert.equal(volume.reduce((a, b) => a + b), 15);
    for (const index of [3, 4, 5]) {
      const [z, y, x] = voxelAt(axis, index, 2, 3);
      assert.equal(volume[(z * 8 + y) * 9 + x], 1);
    }
  }
});

test("only voxels that the rule allows are shown as painted", () => {
  const plane = { axis: "z", index: 0, rows: 1, cols: 4 };
  const spans = [{ row: 0, c0: 0, c1: 4 }];
  for (const [rule, expected] of [
    [{ overwrite: "all", replaces: null }, [7, 7, 7, 7]],
    [{ overwrite: "unlabelled", replaces: null }, [7, 1, 2, 255]],
    [{ overwrite: "class", replaces: 2 }, [0, 1, 7, 255]],
    [{ overwrite: "class", replaces: 255 }, [0, 1, 2, 7]],
  ]) {
    const labels = Uint8Array.of(0, 1, 2, 255);
    const live = new LiveStroke(plane, { ...SETTINGS, ...rule, value: 7 });
    live.add(spans, labels);
    assert.deepEqual([...labels], expected);
    const again = Uint8Array.of(0, 1, 2, 255);
    live.finish("id").applyTo(again, plane);
    assert.deepEqual([...again], expected);
  }
});

test("a threshold shows what the image on the screen lets through, and nothing where it cannot know", () => {
  const plane = { axis: "z", index: 0, rows: 2, cols: 3 };
  const patch = { data: Uint16Array.of(10, 20, 30, 40), rows: 2, cols: 2, origin: { r0: 0, c0: 1 } };
  const spans = [0, 1].map((row) => ({ row, c0: 0, c1: 3 }));
  const show = (known) => {
    const labels = new Uint8Array(6);
    const live = new LiveStroke(plane, { ...SETTINGS, intensity: [20, 30] });
    live.extend(null, new IntensityFilter([20, 30], known, plane));
    live.add(spans, labels);
    const stroke = live.finish("id");
    const again = new Uint8Array(6);
    stroke.applyTo(again, plane);
    assert.deepEqual(again, labels);
    assert.deepEqual(decodeRuns(stroke.body.runs, 6), new Uint8Array(6).fill(1), "the server gets all of it and decides");
    assert.deepEqual(stroke.body.intensity, [20, 30]);
    return [...labels];
  };
  assert.deepEqual(show(patch), [0, 0, 3, 0, 3, 0]);
  assert.deepEqual(show(null), [0, 0, 0, 0, 0, 0]);
});

test("a range is what was typed, or what is like the start", () => {
  const options = { low: 90, high: 10, tolerance: 5 };
  assert.equal(rangeOf({ ...options, threshold: "off" }, 40), null);
  assert.deepEqual(rangeOf({ ...options, threshold: "range" }, 40), [10, 90]);
  assert.deepEqual(rangeOf({ ...options, threshold: "relative" }, 40), [35, 45]);
  assert.equal(rangeOf({ ...options, threshold: "relative" }, null), null);
});
