import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { LayerStack } = await load("layerstack");
const { Readout } = await load("readout");
const { Session } = await load("session");

class Renderer {
  layers = new Map();
  touched = [];
  opacity = {};
  setLayer(name, layer) {
    this.layers.set(name, layer);
  }
  touch(name, rect) {
    this.touched.push([name, rect]);
  }
  setOpacity(name, value) {
    this.opacity[name] = value;
  }
  setSmooth() {}
  setSides(sides, share) {
    Object.assign(this, { sides, share });
  }
}

const slice = (rows, cols, data = new Uint8Array(rows * cols)) => ({ rows, cols, data, dtype: "uint8" });
const LABELS = { slice: slice(64, 64), scale: [1, 1], origin: { r0: 0, c0: 0 } };
const PREDICTION = { slice: slice(8, 8), scale: [2, 2], origin: { r0: 4, c0: 8 } };

function openStack() {
  const session = new Session();
  const renderer = new Renderer();
  const stack = new LayerStack(session, renderer);
  stack.put("prediction", PREDICTION);
  stack.put("other", PREDICTION);
  stack.put("labels", LABELS);
  renderer.touched.length = 0;
  return { session, renderer, stack };
}

test("a changed label is coloured anew with its neighbours, and what is predicted there too", () => {
  const { renderer, stack } = openStack();
  stack.touchLabels(LABELS.slice, { r0: 10, r1: 11, c0: 20, c1: 23 });
  assert.deepEqual(renderer.touched, [
    ["labels", { r0: 9, r1: 12, c0: 19, c1: 24 }],
    ["prediction", { r0: 1, r1: 2, c0: 2, c1: 4 }],
    ["other", { r0: 1, r1: 2, c0: 2, c1: 4 }],
    ["difference", { r0: 1, r1: 2, c0: 2, c1: 4 }],
  ]);
});

test("only what a setting concerns is coloured anew", () => {
  const { session, renderer, stack } = openStack();
  const change = (name, patch) => {
    renderer.touched.length = 0;
    session.setLayer(name, patch);
    stack.update();
    return renderer.touched.map(([layer]) => layer);
  };
  assert.deepEqual(change("image", { gamma: 2 }), ["coarse", "image"]);
  assert.deepEqual(change("labels", { isContour: true }), ["labels", "prediction", "other"]);
  assert.deepEqual(change("labels", { isVisible: false }), []);
  assert.deepEqual(change("prediction", { opacity: 0.9 }), []);
  assert.deepEqual(renderer.opacity.prediction, 0.9);
  assert.deepEqual(change("prediction", { isContour: true }), ["prediction", "other"]);
});

test("contours keep their width on the screen when the zoom changes", () => {
  const { session, renderer, stack } = openStack();
  session.setLayer("labels", { isContour: true });
  stack.zoomTo({ scale: { row: 0.25, col: 0.25 } });
  assert.equal(stack.width, 6);
  renderer.touched.length = 0;
  stack.zoomTo({ scale: { row: 0.251, col: 0.251 } });
  assert.deepEqual(renderer.touched, []);
  stack.zoomTo({ scale: { row: 8, col: 8 } });
  assert.deepEqual([stack.width, stack.dash], [1, 1]);
});

test("the readout finds its voxel in a part of a coarse level, and the coarse picture where that ends", () => {
  const session = new Session();
  const image = { slice: slice(2, 2, Uint8Array.from([1, 2, 3, 4])), scale: [2, 2], origin: { r0: 4, c0: 8 } };
  const coarse = { slice: slice(4, 4, new Uint8Array(16).fill(9)), scale: [16, 16], origin: { r0: 0, c0: 0 } };
  const readout = new Readout({ session, axis: "y", index: 7, shown: { image, coarse, labels: LABELS } });
  readout.move({ row: 11.5, col: 17.2 });
  const { voxel, value, isCoarse, label } = session.state.pointer;
  assert.deepEqual([voxel, value, isCoarse, label], [[11, 7, 17], 3, true, 0]);
  readout.move({ row: 40, col: 17.2 });
  assert.equal(session.state.pointer.value, 9);
  readout.move(null);
  assert.equal(session.state.pointer, null);
});
