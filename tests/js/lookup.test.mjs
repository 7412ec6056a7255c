import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { Lookup, autoWindow, dragWindow, lookupFor } = await load("lookup");
const grey = (lookup, value) => lookup.pixel(value) & 255;

test("every type maps its window to black and white", () => {
  for (const [dtype, min, max] of [["uint8", 10, 210], ["uint16", 1000, 50000], ["int16", -1000, 2000], ["float32", -0.5, 0.25]]) {
    const lookup = new Lookup(dtype, min, max);
    assert.deepEqual([grey(lookup, min), grey(lookup, max)], [0, 255], dtype);
    assert.ok(Math.abs(grey(lookup, (min + max) / 2) - 127.5) <= 0.5, dtype);
    assert.equal(lookup.pixel(max), 0xffffffff);
  }
});

test("values outside the window are clipped and not a number is black", () => {
  assert.deepEqual([grey(new Lookup("int16", 0, 10), -32768), grey(new Lookup("int16", 0, 10), 32767)], [0, 255]);
  const floats = new Lookup("float32", 0, 1);
  assert.deepEqual([Number.NaN, Infinity, -Infinity].map((value) => grey(floats, value)), [0, 255, 0]);
});

test("an automatic window is never empty", () => {
  assert.deepEqual(autoWindow({ min: 0, max: 9, percentiles: { "0.1": 1, "99.9": 8 } }), { min: 1, max: 8 });
  assert.deepEqual(autoWindow({ min: 0, max: 9, percentiles: { "0.1": 3, "99.9": 3 } }), { min: 0, max: 9 });
  assert.deepEqual(autoWindow({ min: 4, max: 4 }), { min: 4, max: 5 });
});

test("dragging right widens, dragging up brightens, and it stays a window", () => {
  const wide = dragWindow({ min: 100, max: 200 }, 512, 10, 0);
  assert.deepEqual(wide, { min: 95, max: 205 });
  assert.ok(dragWindow({ min: 100, max: 200 }, 512, 0, -10).min < 100);
  const thin = dragWindow({ min: 100, max: 200 }, 512, -9999, 0);
  assert.ok(thin.max > thin.min);
});

test("gamma bends the ramp between its ends, inverting turns it around", () => {
  for (const dtype of ["uint8", "uint16", "int16", "float32"]) {
    const [plain, bent, inverted] = [{}, { gamma: 2 }, { gamma: 2, isInverted: true }].map((settings) => new Lookup(dtype, 0, 200, settings));
    assert.deepEqual([grey(bent, 0), grey(bent, 200)], [0, 255], dtype);
    assert.equal(grey(bent, 100), 64, dtype);
    assert.ok(Math.abs(grey(new Lookup(dtype, 0, 200, { gamma: 0.5 }), 100) - 180) <= 1, dtype);
    for (const value of [0, 20, 77, 100, 200]) assert.equal(grey(inverted, value), 255 - grey(bent, value), `${dtype} ${value}`);
    assert.ok(grey(plain, 60) > grey(bent, 60));
  }
});

test("a table agrees with its formula at every value, also where the window leaves the type", () => {
  for (const [min, max] of [[-20, 300], [100, 101], [0, 255], [40.5, 90.25]]) {
    const lookup = new Lookup("uint8", min, max);
    for (let value = 0; value < 256; value++) {
      const share = Math.min(1, Math.max(0, (value - min) / (max - min)));
      assert.equal(grey(lookup, value), Math.round(255 * share), `${value} in ${min}…${max}`);
    }
  }
});

test("planes with the same settings share one table", () => {
  const settings = { min: 1, max: 9, gamma: 1, isInverted: false };
  assert.equal(lookupFor("uint16", settings), lookupFor("uint16", { ...settings }));
  assert.notEqual(lookupFor("uint16", settings), lookupFor("uint16", { ...settings, gamma: 2 }));
});
