import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { amountText, lengthText, roundLength, shortCount, shortValue } = await load("number");
const { nextColor, parseColor, pixelTable } = await load("palette");
const { agoText } = await load("time");
const { Throttle } = await load("throttle");

test("counts are short", () => {
  assert.deepEqual([0, 812, 999, 1000, 12400, 99960, 999999, 3.14e6].map(shortCount), ["0", "812", "999", "1.0k", "12.4k", "100k", "1.0M", "3.1M"]);
});

test("values keep four digits", () => {
  assert.deepEqual([143, -5, 0.123456, 1.5e-7, null].map(shortValue), ["143", "-5", "0.1235", "1.5e-7", "–"]);
});

test("scale bars have round lengths in a unit that reads well", () => {
  assert.deepEqual([0.7, 9.9, 160, 1000].map(roundLength), [0.5, 5, 100, 1000]);
  assert.equal(lengthText(50, "um"), "50 µm");
  assert.equal(lengthText(2000, "µm"), "2 mm");
  assert.equal(lengthText(0.05, "micrometer"), "50 nm");
  assert.equal(lengthText(20, null), "20 voxels");
});

test("new classes get colours that no other class has", () => {
  const classes = [];
  for (let i = 0; i < 15; i++) classes.push({ id: i + 1, color: nextColor(classes) });
  assert.equal(new Set(classes.map(({ color }) => color)).size, 15);
  assert.equal(classes[0].color, "#e69f00");
});

test("hidden and unknown classes are clear", () => {
  const table = pixelTable([{ id: 1, color: "#0a141e" }, { id: 2, color: "#ffffff" }], new Set([2]), 128, 200);
  assert.deepEqual([table[1], table[2], table[3], table[0]], [0x801e140a, 0, 0, 0]);
  assert.deepEqual(parseColor("#0a141e"), [10, 20, 30]);
});

test("an amount of voxels says the space it fills, in the unit that reads best", () => {
  const info = (size, unit) => ({ voxel_size: size, unit });
  assert.equal(amountText(1, info([1, 1, 1], "voxel")), "1 voxel");
  assert.equal(amountText(12431, info([2, 0.5, 0.5], "um")), "12,431 voxels, 6216 µm³");
  assert.equal(amountText(3e7, info([1, 1, 1], "micrometer")), "30,000,000 voxels, 0.03 mm³");
  assert.equal(amountText(2, info([0.01, 0.01, 0.01], "um")), "2 voxels, 2000 nm³");
  assert.equal(amountText(0, info([1, 1, 1], "mm")), "0 voxels, 0 mm³");
});

test("how long ago something was is one short word", () => {
  const ago = (seconds) => agoText(new Date(1e12 - seconds * 1000), 1e12);
  assert.deepEqual([5, 60, 3599, 7200, 200_000].map(ago), ["now", "1 min", "59 min", "2 h", "2 d"]);
});

test("patches are merged, spaced, and the last is never lost", () => {
  let time = 0;
  let waiting = [];
  const emitted = [];
  const throttle = new Throttle((patch) => emitted.push([time, patch]), 250, () => time, (act, ms) => waiting.push({ act, at: time + ms }));
  const advance = (to) => {
    time = to;
    const due = waiting.filter(({ at }) => at <= time);
    waiting = waiting.filter(({ at }) => at > time);
    for (const { act } of due) act();
  };
  throttle.push({ a: 1 });
  advance(0);
  throttle.push({ a: 2 });
  throttle.push({ b: 3 });
  advance(100);
  advance(250);
  assert.deepEqual(emitted, [[0, { a: 1 }], [250, { a: 2, b: 3 }]]);
});
