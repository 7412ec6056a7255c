import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom } from "./static.mjs";

const { RegionMap, regionPart } = await load("regionmap");
const { limitRange } = await load("floodtool");

const RECT = { r0: 10, r1: 22, c0: 100, c1: 117 };

function makeMap(random) {
  const data = Uint16Array.from({ length: 12 * 17 }, () => integer(random, 1, 6));
  return { data, map: new RegionMap(data, RECT) };
}

test("a region is found at each of its voxels, and its spans hold these and no others", () => {
  const random = makeRandom(31);
  for (let round = 0; round < 30; round++) {
    const { data, map } = makeMap(random);
    for (let number = 1; number <= 6; number++) {
      const mask = new Uint8Array(data.length);
      for (const { row, c0, c1 } of map.spansOf(number)) mask.fill(1, (row - 10) * 17 + c0 - 100, (row - 10) * 17 + c1 - 100);
      data.forEach((each, i) => assert.equal(mask[i], each === number ? 1 : 0));
    }
    data.forEach((each, i) => assert.equal(map.at({ row: 10.5 + Math.floor(i / 17), col: 100.5 + (i % 17) }), each));
  }
});

test("places outside the part have no region", () => {
  const { map } = makeMap(makeRandom(32));
  for (const place of [{ row: 9.9, col: 105 }, { row: 22, col: 105 }, { row: 15, col: 99.9 }, { row: 15, col: 117 }]) assert.equal(map.at(place), null);
});

test("an outline is as long as the edges between the region and the rest", () => {
  const random = makeRandom(33);
  const { data, map } = makeMap(random);
  for (let number = 1; number <= 6; number++) {
    const isIn = (r, c) => r >= 0 && c >= 0 && r < 12 && c < 17 && data[r * 17 + c] === number;
    let edges = 0;
    for (let r = 0; r <= 12; r++) for (let c = 0; c <= 17; c++) edges += (isIn(r, c) !== isIn(r, c - 1)) + (isIn(r, c) !== isIn(r - 1, c));
    const length = [...map.outlineOf(number).matchAll(/[hv](\d+)/g)].reduce((sum, [, step]) => sum + Number(step), 0);
    assert.equal(length, edges);
  }
});

test("regions are asked for in parts of at most 1024 voxels that hold the pointer and are the same after a small pan", () => {
  const random = makeRandom(34);
  const extent = { rows: 2000, cols: 3000 };
  for (let round = 0; round < 300; round++) {
    const r0 = integer(random, 0, 1500);
    const c0 = integer(random, 0, 2500);
    const visible = { r0, r1: integer(random, r0 + 1, 2000), c0, c1: integer(random, c0 + 1, 3000) };
    const place = { row: visible.r0 + random() * (visible.r1 - visible.r0), col: visible.c0 + random() * (visible.c1 - visible.c0) };
    const part = regionPart(visible, place, extent);
    assert.ok(part.r0 >= 0 && part.r1 <= 2000 && part.r1 - part.r0 <= 1024 && part.c1 - part.c0 <= 1024);
    assert.ok(place.row >= part.r0 && place.row < part.r1 && place.col >= part.c0 && place.col < part.c1, JSON.stringify({ part, place }));
  }
  const seen = { r0: 130, r1: 500, c0: 260, c1: 640 };
  const place = { row: 300, col: 400 };
  assert.deepEqual(regionPart(seen, place, extent), regionPart({ r0: 140, r1: 510, c0: 270, c1: 630 }, place, extent));
});

test("a range is shortened to what the server fills, around the seed", () => {
  assert.deepEqual(limitRange(10, 300, 50), [10, 300]);
  assert.deepEqual(limitRange(0, 2000, 1000), [744, 1256]);
  assert.deepEqual(limitRange(0, 2000, 3), [0, 512]);
  assert.deepEqual(limitRange(0, 2000, 1999), [1488, 2000]);
});
