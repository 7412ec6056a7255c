import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { acceptBody, currentPlace, nextOpen, placeObstacle, placeText, thumbLevel, viewOf } = await load("review");
const { framePath } = await load("reviewframe");
const { regionOf } = await load("reviewthumb");
const { helpText } = await load("reviewpanel");
const { SHORTCUTS } = await load("shortcuts");

const BOX = [[7, 8], [10, 30], [40, 60]];

const entry = (id, outcome = null) => ({ id, outcome, prediction: "p1", place: { axis: "z", index: 7, box: BOX } });

const SEEN = { prediction: "p1", chain: null, layers: { prediction: { isVisible: true, opacity: 0.4 }, difference: { isVisible: false } } };

test("the next place is the first open one after the current, and after the last the first again", () => {
  const review = { places: [entry(1), entry(2, "skipped"), entry(3), entry(4, "accepted")] };
  assert.equal(nextOpen({ review, place: null }).id, 1);
  assert.equal(nextOpen({ review, place: 1 }).id, 3);
  assert.equal(nextOpen({ review, place: 3 }).id, 1);
  assert.equal(nextOpen({ review, place: 4 }).id, 1);
  assert.equal(nextOpen({ review: { places: [entry(1), entry(2, "skipped")] }, place: 1 }), null);
  assert.equal(nextOpen({ review: null, place: null }), null);
});

test("the current place is one of the queue's", () => {
  const review = { places: [entry(1)] };
  assert.equal(currentPlace({ review, place: 1 }).id, 1);
  assert.equal(currentPlace({ review, place: 9 }), null);
  assert.equal(currentPlace({ review: null, place: 1 }), null);
});

test("a place is accepted from the prediction it was chosen by, where nothing is labelled", () => {
  assert.deepEqual(acceptBody(entry(1)), { kind: "accept", where: "region", prediction: "p1", axis: "z", index: 7, seed: null, dims: 2, box: BOX, confidence: 0, overwrite: "unlabelled" });
});

test("only what is seen can be accepted", () => {
  assert.equal(placeObstacle(SEEN, entry(1)), null);
  assert.match(placeObstacle({ ...SEEN, prediction: "p2" }, entry(1)), /another prediction/);
  assert.match(placeObstacle(SEEN, { ...entry(1), prediction: null }), /without a prediction/);
  assert.match(placeObstacle({ ...SEEN, layers: { ...SEEN.layers, prediction: { isVisible: false, opacity: 1 } } }, entry(1)), /show the prediction/);
  assert.match(placeObstacle({ ...SEEN, filling: { label: "accept place" } }, entry(1)), /wait/);
});

test("a place lies in the middle of the screen and takes half of it, unless one would see single voxels only", () => {
  const grid = { shape: [20, 400, 400], voxelSize: [2, 1, 1] };
  const wide = viewOf({ axis: "z", index: 7, box: [[7, 8], [0, 100], [100, 300]] }, grid, { width: 800, height: 600 });
  assert.deepEqual(wide, { zoom: 2, center: [7.5, 50, 200] });
  assert.equal(viewOf({ axis: "z", index: 7, box: BOX }, grid, { width: 8000, height: 6000 }).zoom, 12);
  const across = viewOf({ axis: "y", index: 3, box: [[0, 20], [3, 4], [0, 40]] }, grid, { width: 400, height: 400 });
  assert.equal(across.zoom, 5, "rows are voxels of twice the length");
});

test("the frame has four corners", () => {
  const view = { x: (col) => col * 2, y: (row) => row * 2 };
  const path = framePath(view, { r0: 10, r1: 20, c0: 30, c1: 50 });
  assert.equal(path, "M64 20H60V24M96 20H100V24M64 40H60V36M96 40H100V36");
});

test("a picture comes from the coarsest level that has enough pixels", () => {
  const levels = [1, 2, 4, 8].map((step) => ({ shape: [20, 400 / step, 400 / step], scale: [1, step, step] }));
  const place = { axis: "z", index: 7, box: [[7, 8], [100, 300], [200, 400]] };
  assert.equal(thumbLevel(levels, place, 44), 2);
  assert.equal(thumbLevel(levels, place, 500), 0);
  assert.deepEqual(regionOf({ levels }, place, 44).region, { r0: 25, r1: 75, c0: 50, c1: 100 });
});

test("it says where a place is", () => {
  assert.equal(placeText(entry(1).place, [20, 400, 400]), "z 7 · row 10, column 40");
  assert.equal(placeText({ axis: "z", index: 7, box: [[7, 8], [0, 400], [0, 400]] }, [20, 400, 400]), "z 7 · whole slice");
});

test("the help says what is looked for, and what stands in the way", () => {
  const review = { places: [], acquisitions: [{ name: "entropy", help: "where the model is least sure" }] };
  const predictions = [{ id: "p1", partial: false }];
  assert.equal(helpText({ review, predictions, prediction: "p1" }, "entropy"), "Where the model is least sure.");
  assert.match(helpText({ review, predictions: [], prediction: null }, "entropy"), /Nothing is predicted yet/);
  assert.match(helpText({ review: { ...review, places: [entry(1)] }, predictions, prediction: "p2" }, "entropy"), /propose again/);
});

test("the keys of the review are nobody else's", () => {
  const press = (key, fields = {}) => ({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, getModifierState: () => false, ...fields });
  for (const key of ["N", "X"]) {
    const found = SHORTCUTS.filter(([, , , test]) => test?.(press(key, { shiftKey: true }), { session: { state: {} } }));
    assert.deepEqual(found.map(([group]) => group), ["Reviewing"]);
  }
});
