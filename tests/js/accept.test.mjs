import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { acceptOrder, obstacleOf, rectBetween } = await load("accepttool");
const { LiveStroke } = await load("livestroke");
const { Stroke } = await load("stroke");
const { PredictedPatch } = await load("predictedpatch");
const { partText } = await load("flaglist");

const PLANE = { axis: "z", index: 3, rows: 2, cols: 4 };

const shownOf = (data, { scale = [1, 1], origin = { r0: 0, c0: 0 }, cols = 4, index = 3 } = {}) => ({ axis: "z", index, scale, origin, slice: { data: Uint8Array.from(data), rows: data.length / cols, cols } });

const SETTINGS = { tool: "accept", value: 0, overwrite: "unlabelled", replaces: null, intensity: null, from_prediction: "p1", confidence: 0.5 };

const everything = [{ row: 0, c0: 0, c1: 4 }, { row: 1, c0: 0, c1: 4 }];

test("a patch says which class is predicted with enough confidence", () => {
  const shown = { prediction: shownOf([1, 2, 0, 2, 1, 1, 1, 1]), confidence: shownOf([255, 127, 255, 128, 0, 0, 0, 0]) };
  const patch = new PredictedPatch(shown, 0.5, PLANE);
  assert.deepEqual([0, 1, 2, 3].map((col) => patch.allows(0, col) && patch.valueAt(0, col)), [1, false, false, 2]);
  assert.equal(patch.allows(1, 0), false);
  assert.equal(patch.allows(0, 7), false, "nothing is known beyond its edges");
});

test("a patch knows nothing of other planes, nor without the confidence that is asked for", () => {
  const prediction = shownOf([1, 2, 0, 2, 1, 1, 1, 1]);
  assert.equal(new PredictedPatch({ prediction }, 0, PLANE).knows(PLANE), true);
  assert.equal(new PredictedPatch({ prediction }, 0.1, PLANE).knows(PLANE), false);
  assert.equal(new PredictedPatch({ prediction }, 0, PLANE).knows({ axis: "z", index: 4 }), false);
  assert.equal(new PredictedPatch({ prediction: { ...prediction, index: 4 } }, 0, PLANE).knows(PLANE), false);
});

test("a coarse patch with an origin is read where it lies", () => {
  const prediction = shownOf([5, 6], { scale: [2, 2], origin: { r0: 1, c0: 1 }, cols: 2 });
  const patch = new PredictedPatch({ prediction }, 0, PLANE);
  assert.deepEqual([2, 3, 4, 5].map((col) => patch.valueAt(3, col)), [5, 5, 6, 6]);
  assert.equal(patch.valueAt(0, 2), 0);
});

test("the brush shows the predicted classes while it is drawn, and the finished stroke shows the same", () => {
  const shown = { prediction: shownOf([1, 2, 0, 2, 1, 1, 1, 1]), confidence: shownOf([255, 127, 255, 128, 0, 255, 255, 0]) };
  const live = new LiveStroke(PLANE, SETTINGS);
  live.extend(null, new PredictedPatch(shown, 0.5, PLANE));
  const data = Uint8Array.from([0, 0, 0, 0, 0, 7, 0, 0]);
  live.add(everything, data);
  assert.deepEqual([...data], [1, 0, 0, 2, 0, 7, 1, 0]);
  const again = Uint8Array.from([0, 0, 0, 0, 0, 7, 0, 0]);
  const stroke = live.finish("s1");
  stroke.applyTo(again, PLANE);
  assert.deepEqual(again, data);
  assert.deepEqual([stroke.body.from_prediction, stroke.body.confidence, stroke.body.overwrite], ["p1", 0.5, "unlabelled"]);
});

test("a stroke of which the page does not know the prediction changes nothing on the screen", () => {
  const data = new Uint8Array(8);
  const rect = new Stroke({ id: "s", ...SETTINGS, axis: "z", index: 3, box: [[3, 4], [0, 2], [0, 4]], runs: [0, 8] }).applyTo(data, PLANE);
  assert.equal(rect, null);
  assert.deepEqual([...data], [0, 0, 0, 0, 0, 0, 0, 0]);
});

test("orders name what they are about", () => {
  const state = { prediction: "p1", options: { confidence: 0.3, acceptOver: "all" } };
  const plane = { axis: "y", index: 6 };
  const piece = acceptOrder(state, "component", plane, { row: 2.7, col: 9.1 });
  assert.deepEqual([piece.where, piece.seed, piece.dims, piece.box, piece.overwrite], ["component", [2, 6, 9], 2, null, "all"]);
  const deep = acceptOrder(state, "class", plane, { row: 2, col: 9 }, { r0: 0, r1: 5, c0: 1, c1: 11 }, [4, 9]);
  assert.deepEqual([deep.dims, deep.box], [3, [[0, 5], [4, 9], [1, 11]]]);
  const seen = acceptOrder(state, "visible", plane, { row: 2, col: 9 }, { r0: 0, r1: 5, c0: 1, c1: 11 });
  assert.deepEqual([seen.where, seen.seed, seen.dims, seen.box], ["region", null, 2, [[0, 5], [6, 7], [1, 11]]]);
});

test("only a prediction that is seen, and kept, can be accepted", () => {
  const layers = { prediction: { isVisible: true, opacity: 0.4 }, difference: { isVisible: false } };
  assert.equal(obstacleOf({ prediction: "p1", chain: null, layers }), null);
  assert.match(obstacleOf({ prediction: null, chain: null, layers }), /nothing is predicted/);
  assert.match(obstacleOf({ prediction: "p1", chain: { json: "[]" }, layers }), /keep/);
  assert.match(obstacleOf({ prediction: "p1", chain: null, layers: { ...layers, prediction: { isVisible: false, opacity: 1 } } }), /show the prediction/);
  assert.equal(obstacleOf({ prediction: "p1", chain: null, layers: { prediction: { isVisible: false }, difference: { isVisible: true } } }), null);
});

test("a rectangle holds the voxels whose centre lies in it", () => {
  assert.deepEqual(rectBetween({ row: 3.4, col: 8.6 }, { row: 1.5, col: -4 }, 20, 20), { r0: 1, r1: 3, c0: 0, c1: 9 });
  assert.equal(rectBetween({ row: 1.6, col: 1 }, { row: 2.4, col: 8 }, 20, 20), null);
});

test("a flag says how large a part it is about", () => {
  const flag = { axis: "x", index: 2, box: [[0, 10], [5, 20], [2, 3]] };
  assert.equal(partText(flag, [10, 20, 30]), "10 × 15 at 0, 5");
  assert.equal(partText({ ...flag, box: [[0, 10], [0, 20], [2, 3]] }, [10, 20, 30]), "whole slice");
});
