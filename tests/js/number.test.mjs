import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { lengthText, roundLength, shortCount, shortValue } = await load("number");
const { nextColor, parseColor, pixelTable } = await load("palette");
const { marksOf } = await load("annotation");
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

test("marks leave out strokes that were undone", () => {
  const stroke = (axis, index, undone = false) => ({ axis, index, undone });
  assert.deepEqual(marksOf([stroke("z", 9), stroke("z", 3), stroke("z", 9), stroke("y", 1, true)]), { z: [3, 9], y: [], x: [] });
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
