import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { PreviewOverlay, closePreview, previewAt } = await load("previewoverlay");
const { obstacleOf } = await load("accepttool");
const { Session } = await load("session");

const LEVELS = [{ shape: [8, 64, 64], scale: [1, 1, 1] }, { shape: [8, 32, 32], scale: [1, 2, 2] }];
const REGION = { r0: 4, r1: 8, c0: 0, c1: 16 };

function open() {
  const session = new Session();
  session.set({ volume: "rock", info: { levels: LEVELS } });
  return session;
}

const show = (overlay, index = 3) => overlay.show({ axis: "z", index }, new Uint8Array(64).fill(2), new Uint8Array(64).fill(200), REGION, 1, "rock:1");

test("a preview stands in the place of the prediction on its slice, and nothing does on another", () => {
  const session = open();
  assert.equal(previewAt(session.state, "z", 3), null);
  show(new PreviewOverlay(session));
  const { prediction, confidence } = previewAt(session.state, "z", 3);
  assert.deepEqual([prediction.scale, prediction.origin, prediction.slice.rows, prediction.slice.cols], [[2, 2], { r0: 4, c0: 0 }, 4, 16]);
  assert.equal(confidence.slice.data[0], 200);
  assert.deepEqual(previewAt(session.state, "z", 4), { prediction: null, confidence: null });
  assert.deepEqual(previewAt(session.state, "x", 3), { prediction: null, confidence: null });
});

test("of two that show something the newer one counts, and the other is told", () => {
  const session = open();
  const closed = [];
  const [model, live] = ["model", "live"].map((name) => new PreviewOverlay(session, () => closed.push(name)));
  show(model);
  show(live);
  assert.deepEqual([closed, model.isShown, live.isShown], [["model"], false, true]);
  model.clear();
  assert.equal(live.isShown, true);
  closePreview(session);
  assert.deepEqual([closed, session.state.preview], [["model", "live"], null]);
});

test("what is only a preview cannot be accepted", () => {
  const session = open();
  session.set({ prediction: "p1" });
  assert.equal(obstacleOf(session.state), null);
  show(new PreviewOverlay(session));
  assert.match(obstacleOf(session.state), /preview/);
});
