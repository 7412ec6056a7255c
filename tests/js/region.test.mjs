import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom, pick } from "./static.mjs";

const { MOST_BYTES, chooseRegion, coarseLevel, gridOfLevel, roundOut } = await load("region");
const { contains, scaleDown } = await load("rect");
const { imagePath } = await load("slicepath");
const { View } = await load("view");

const levelsOf = (size, count) => Array.from({ length: count }, (_, n) => ({ shape: [0, 1, 2].map(() => Math.ceil(size / 2 ** n)), scale: [2 ** n, 2 ** n, 2 ** n] }));
const CUBE = { shape: [2048, 2048, 2048], voxelSize: [1, 1, 1] };
const LEVELS = levelsOf(2048, 5);
const viewAt = (zoom, center, screen = { width: 900, height: 600 }, axis = "z") => new View(CUBE, axis, zoom, center, screen);
const UINT16 = { bytesPerVoxel: 2 };

test("only a part around what is visible is fetched, cut at multiples of 256", () => {
  const { level, region, isWhole } = chooseRegion(LEVELS, "z", viewAt(1, [0, 1000, 1000]), UINT16);
  assert.deepEqual([level, isWhole], [0, false]);
  assert.deepEqual(region, { r0: 512, r1: 1536, c0: 256, c1: 1536 });
});

test("at every place and zoom of 2048³ the part holds all that is visible and no request is larger than 8 MB", () => {
  const random = makeRandom(5);
  for (let n = 0; n < 2000; n++) {
    const axis = pick(random, ["z", "y", "x"]);
    const screen = pick(random, [{ width: 900, height: 600 }, { width: 2236, height: 1330 }]);
    const view = viewAt(2 ** (random() * 10 - 4), [0, 1, 2].map(() => random() * 2048), screen, axis);
    const { level, region } = chooseRegion(LEVELS, axis, view, { ...UINT16, pixelRatio: pick(random, [1, 2]) });
    const { rows, cols, scale } = gridOfLevel(LEVELS, level, axis);
    assert.ok(contains(region, scaleDown(view.visibleRect(), scale)));
    assert.ok(region.r0 >= 0 && region.c0 >= 0 && region.r1 <= rows && region.c1 <= cols && region.r0 < region.r1 && region.c0 < region.c1);
    assert.ok((region.r1 - region.r0) * (region.c1 - region.c0) * 2 <= MOST_BYTES);
  }
});

test("small pans keep the part there is, large ones and another level do not", () => {
  const first = chooseRegion(LEVELS, "z", viewAt(1, [0, 1000, 1000]), UINT16);
  const keep = (zoom, center) => chooseRegion(LEVELS, "z", viewAt(zoom, center), { ...UINT16, previous: first });
  assert.equal(keep(1, [0, 1060, 950]), first);
  assert.notEqual(keep(1, [0, 1400, 1000]), first);
  assert.notEqual(keep(0.5, [0, 1000, 1000]).level, first.level);
});

test("a part that is much larger than needed is given up", () => {
  const large = chooseRegion(LEVELS, "z", viewAt(0.6, [0, 1000, 1000], { width: 1100, height: 1100 }), UINT16);
  const close = chooseRegion(LEVELS, "z", viewAt(16, [0, 1000, 1000]), { ...UINT16, previous: large });
  assert.equal(close.level, large.level);
  assert.notEqual(close, large);
});

test("small planes are fetched whole", () => {
  const levels = levelsOf(512, 2);
  const view = new View({ shape: [512, 512, 512], voxelSize: [1, 1, 1] }, "z", 8, [5, 5, 5], { width: 400, height: 300 });
  assert.deepEqual(chooseRegion(levels, "z", view, UINT16), { level: 0, region: { r0: 0, r1: 512, c0: 0, c1: 512 }, isWhole: true });
});

test("rounding stays inside the plane, also at its far edges", () => {
  assert.deepEqual(roundOut({ r0: 0, r1: 10, c0: 290, c1: 300 }, 300, 300), { r0: 0, r1: 256, c0: 0, c1: 300 });
  assert.deepEqual(roundOut({ r0: 300, r1: 300, c0: 0, c1: 0 }, 300, 300), { r0: 0, r1: 300, c0: 0, c1: 256 });
});

test("the coarse picture has at least 128 pixels on its longer side", () => {
  assert.equal(coarseLevel(LEVELS, "z"), 4);
  assert.equal(coarseLevel(levelsOf(200, 3), "z"), 0);
});

test("addresses name rows and columns of the level, and slices within one coarse slice share theirs", () => {
  const place = { volume: "a b", axis: "y", index: 13, level: 2, levels: LEVELS, region: { r0: 0, r1: 256, c0: 256, c1: 512 }, isWhole: false };
  assert.equal(imagePath(place), "api/volumes/a%20b/slice?axis=y&index=12&level=2&y0=0&y1=256&x0=256&x1=512");
  assert.equal(imagePath({ ...place, index: 15 }), imagePath(place));
  assert.notEqual(imagePath({ ...place, index: 16 }), imagePath(place));
  assert.equal(imagePath({ ...place, isWhole: true }), "api/volumes/a%20b/slice?axis=y&index=12&level=2");
});
