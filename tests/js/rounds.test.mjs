import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { chartOf } = await load("roundchart");
const { labelText, minutesText, workText } = await load("rounds");
const { titleOf } = await load("titlebadge");

test("a better round stands higher, its spread around it, and one without a score leaves a gap", () => {
  const rounds = [{ number: 1, mean_dice: 0.7, dice_spread: 0.1 }, { number: 2, mean_dice: null }, { number: 3, mean_dice: 0.8, dice_spread: null }];
  const { low, high, points } = chartOf(rounds, 300, 100);
  assert.deepEqual([low.toFixed(2), high.toFixed(2), points.map(({ number }) => number)], ["0.58", "0.82", [1, 3]]);
  const [first, last] = points;
  assert.ok(last.y < first.y && first.top < first.y && first.y < first.bottom && last.top === last.y);
  assert.ok(first.x < 100 && last.x > 200);
});

test("a round's work is told in few words", () => {
  assert.equal(workText({ strokes: 3, by_hand: 1200, accepted: 0, erased: 20 }), "3 strokes: 1,200 by hand, 20 erased");
  assert.equal(workText({ strokes: 0, by_hand: 0, accepted: 0, erased: 0 }), "0 strokes: no new labels");
  assert.equal(labelText({ by_hand: -300, accepted: 100 }), "−200");
  assert.deepEqual([minutesText(75), minutesText(600)], ["75 s", "10 min"]);
});

test("the tab says how far the job is, and that one has ended meanwhile", () => {
  const train = { state: "running", kind: "train", progress: 0.429 };
  assert.equal(titleOf({ train, infer: null }), "42 % training · voxloop");
  assert.equal(titleOf({ train: { ...train, state: "succeeded" }, infer: null }), "voxloop");
  assert.equal(titleOf({ train: null, infer: null }, true), "● done · voxloop");
});
