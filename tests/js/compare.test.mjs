import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { compareWith, flicker, otherOf, setMode, setShare, shareOf, sidesOf } = await load("compare");
const { Session } = await load("session");

test("two predictions, or a prediction and the labels, lie on either side of a border", () => {
  const session = new Session();
  compareWith(session, "p2");
  assert.equal(otherOf(session.state.compare), "p2");
  assert.deepEqual(sidesOf(session.state.compare), { prediction: "left", confidence: "left", uncertainty: "left", difference: "left", other: "right" });
  setShare(session, 0.3);
  assert.equal(shareOf(session.state.compare), 0.3);
  setShare(session, 7);
  assert.equal(shareOf(session.state.compare), 1);
  compareWith(session, "labels");
  assert.equal(otherOf(session.state.compare), null);
  assert.equal(sidesOf(session.state.compare).labels, "right");
  compareWith(session, null);
  assert.deepEqual([sidesOf(session.state.compare), shareOf(session.state.compare)], [{}, 1]);
});

test("while the key is held the other one fills the place, and comes back whatever ends that", () => {
  const listeners = new Map();
  globalThis.window = { addEventListener: (type, act) => listeners.set(type, act), removeEventListener: (type) => listeners.delete(type) };
  const session = new Session();
  flicker(session);
  assert.match(session.state.message.text, /choose what to compare with/);
  compareWith(session, "labels");
  setMode(session, "flicker");
  assert.equal(shareOf(session.state.compare), 1);
  flicker(session);
  flicker(session); // a key that is held repeats
  assert.equal(shareOf(session.state.compare), 0);
  listeners.get("keyup")({ type: "keyup", key: "x" });
  assert.equal(shareOf(session.state.compare), 0);
  listeners.get("blur")({ type: "blur" });
  assert.deepEqual([shareOf(session.state.compare), listeners.size], [1, 0]);
});
