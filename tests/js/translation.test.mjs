import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { colourDifference, colourPrediction } = await load("colouring");
const { classOf, foreignClasses, predictedPixels, translationOf } = await load("translation");
const { pixelTable } = await load("palette");
const { PredictedPatch } = await load("predictedpatch");

const OURS = [
  { id: 1, name: "myelin", color: "#ff0000" },
  { id: 2, name: "axon", color: "#00ff00" },
];
const STRANGER = { is_ours: false, classes: [{ id: 7, name: " Axon", color: "#111111" }, { id: 8, name: "vessel", color: "#222222" }, { id: 1, name: "other", color: "#333333" }] };
const RENAMED = { is_ours: true, classes: [{ id: 1, name: "sheath", color: "#444444" }, { id: 3, name: "gone", color: "#555555" }] };

test("a stranger's classes are known by their names, those of a model of these labels by their numbers", () => {
  const table = translationOf(STRANGER, OURS);
  assert.deepEqual([table[7], table[8], table[1], table[2]], [2, 0, 0, 0]);
  const own = translationOf(RENAMED, OURS);
  assert.deepEqual([own[1], own[3]], [1, 0]);
  assert.deepEqual([...translationOf(null, OURS)].slice(0, 3), [0, 1, 2]);
  assert.deepEqual(foreignClasses(STRANGER, OURS).map(({ name }) => name), ["vessel", "other"]);
});

test("what is predicted is called and coloured as the labels have it, else as the model does", () => {
  assert.deepEqual(classOf(7, STRANGER, OURS), { ...OURS[1], isForeign: false });
  assert.deepEqual(classOf(1, RENAMED, OURS), { ...OURS[0], isForeign: false });
  assert.deepEqual([classOf(8, STRANGER, OURS).name, classOf(8, STRANGER, OURS).isForeign], ["vessel", true]);
  const pixels = predictedPixels(STRANGER, OURS, new Set([2]), 255);
  assert.deepEqual([pixels[7], pixels[8]], [0, 0xff222222]); // axon is hidden
});

const place = { scale: [1, 1], origin: { r0: 0, c0: 0 } };
const rect = { r0: 0, r1: 1, c0: 0, c1: 3 };
const slice = (...data) => ({ rows: 1, cols: data.length, data: Uint8Array.from(data) });

test("the difference and what lies below labels follow the names, too", () => {
  const labels = slice(2, 1, 0);
  const predicted = slice(7, 7, 7);
  const edge = pixelTable(OURS, new Set(), 255, 220);
  const pixels = new Uint32Array(3);
  colourDifference(pixels, predicted, rect, edge, [5, 5], { labels, translation: translationOf(STRANGER, OURS), ...place });
  assert.deepEqual([...pixels], [0, 5, 0]);
  colourPrediction(pixels, predicted, rect, predictedPixels(STRANGER, OURS, new Set(), 255), { labels, labelTable: edge, ...place });
  assert.deepEqual([...pixels], [0, 0, 0xff00ff00]);
});

test("a brush that accepts paints the labels' class", () => {
  const shown = { prediction: { axis: "z", index: 4, slice: slice(7, 8, 0), ...place }, confidence: null };
  const patch = new PredictedPatch(shown, 0, { axis: "z", index: 4 }, translationOf(STRANGER, OURS));
  assert.deepEqual([0, 1, 2].map((col) => patch.valueAt(0, col)), [2, 0, 0]);
});
