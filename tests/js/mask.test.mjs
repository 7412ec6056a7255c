import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom } from "./static.mjs";

const { decodeRuns, encodeRuns } = await load("mask");

test("runs begin with unset and sum to the size", () => {
  assert.deepEqual(encodeRuns(Uint8Array.of(1, 1, 0, 1)), [0, 2, 1, 1]);
  assert.deepEqual(encodeRuns(Uint8Array.of(0, 0)), [2]);
  assert.deepEqual(encodeRuns(new Uint8Array(0)), [0]);
});

test("decoding gives back any random mask", () => {
  const random = makeRandom(1);
  for (let i = 0; i < 300; i++) {
    const density = random();
    const mask = Uint8Array.from({ length: integer(random, 0, 400) }, () => (random() < density ? 1 : 0));
    const runs = encodeRuns(mask);
    assert.equal(runs.reduce((a, b) => a + b, 0), mask.length);
    assert.deepEqual(decodeRuns(runs, mask.length), mask);
  }
});

test("runs of another size are refused", () => {
  assert.throws(() => decodeRuns([1, 2], 4), RangeError);
  assert.throws(() => decodeRuns([1, 4], 4), RangeError);
  assert.throws(() => decodeRuns([-1, 5], 4), RangeError);
  assert.throws(() => decodeRuns([1.5, 2.5], 4), RangeError);
});
