import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { Session } = await load("session");
const { Store } = await load("store");
const { readHash, writeHash } = await load("urlstate");

const INFO = { shape: [20, 30, 40], voxel_size: [1, 1, 1], intensity: { min: 0, max: 100 }, levels: [] };
const CLASSES = [{ id: 1, name: "a", color: "#e69f00" }, { id: 4, name: "b", color: "#56b4e9" }];

function openSession(wish) {
  const session = new Session();
  session.setScreen({ width: 400, height: 300 });
  session.setClasses(CLASSES, { 1: 5 });
  session.showVolume(INFO, wish);
  return session;
}

test("listeners hear only of their keys and only of changes", () => {
  const store = new Store({ a: 1, b: 1 });
  const heard = [];
  const end = store.watch(["a"], ({ a }) => heard.push(a));
  store.set({ b: 2 });
  store.set({ a: 1 });
  store.set({ a: 2 });
  end();
  store.set({ a: 3 });
  assert.deepEqual(heard, [1, 2]);
});

test("a volume opens in its middle, fitted", () => {
  const { axis, index, isFitted, zoom } = openSession().state;
  assert.deepEqual([axis, index, isFitted], ["z", 10, true]);
  assert.ok(zoom > 1);
});

test("slices stay inside the volume and each axis keeps its own", () => {
  const session = openSession();
  session.stepIndex(-Infinity);
  assert.equal(session.state.index, 0);
  session.setAxis("x");
  assert.equal(session.state.index, 20);
  session.stepIndex(Infinity);
  assert.equal(session.state.index, 39);
  session.setAxis("z");
  assert.equal(session.state.index, 0);
});

test("nothing moves under a stroke", () => {
  const session = openSession();
  session.set({ isPainting: true });
  session.setIndex(3);
  session.setAxis("y");
  session.setTool("erase");
  session.setClass(4);
  assert.deepEqual([session.state.index, session.state.axis, session.state.tool, session.state.classId], [10, "z", "brush", 1]);
});

test("choosing a class takes the brush, and unknown classes are not chosen", () => {
  const session = openSession();
  session.setTool("erase");
  session.setClass(4);
  assert.deepEqual([session.state.classId, session.state.tool], [4, "brush"]);
  session.setClass(9);
  assert.equal(session.state.classId, 4);
  session.setClass(255);
  assert.equal(session.state.classId, 255);
});

test("a class that was deleted elsewhere is no longer painted with", () => {
  const session = openSession();
  session.setClass(4);
  session.setClasses(CLASSES.slice(0, 1));
  assert.equal(session.state.classId, 1);
});

test("the view survives its way through the address", () => {
  const session = openSession();
  session.setAxis("y");
  session.setIndex(7);
  session.setView({ zoom: 3.25, center: [4.5, 7, 11.25] });
  session.setLayer("labels", { opacity: 0.5 });
  session.toggleLayer("prediction");
  session.setLayer("image", { min: 12, max: 60, isSet: true });
  const copy = openSession(readHash(`#${writeHash(session.state)}`));
  for (const key of ["axis", "index", "zoom", "center", "isFitted"]) assert.deepEqual(copy.state[key], session.state[key], key);
  assert.equal(copy.state.layers.labels.opacity, 0.5);
  assert.equal(copy.state.layers.prediction.isVisible, false);
  assert.deepEqual([copy.state.layers.image.min, copy.state.layers.image.max], [12, 60]);
});

test("an address that makes no sense changes nothing", () => {
  assert.deepEqual(readHash("#axis=q&index=-3&zoom=abc&center=1,2&window=5,5&labels=7"), {});
  assert.equal(openSession(readHash("#index=999")).state.index, 19);
});
