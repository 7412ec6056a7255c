import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { Scene } = await load("scene");
const { Session, gridOf } = await load("session");
const { SliceCache } = await load("slicecache");
const { View } = await load("view");

const LEVELS = [0, 1, 2, 3].map((n) => ({ shape: [64, 2048, 2048].map((length) => Math.ceil(length / 2 ** n)), scale: [2 ** n, 2 ** n, 2 ** n] }));
const INFO = { shape: [64, 2048, 2048], voxel_size: [1, 1, 1], dtype: "uint8", levels: LEVELS, intensity: { min: 0, max: 255 } };
const SCREEN = { width: 600, height: 400 };
const tick = () => new Promise((done) => setTimeout(done));

// A server whose answers wait until they are let through by `answer`.
class Server {
  asked = [];
  aborted = [];
  waiting = new Map();

  fetch = (path, signal) =>
    new Promise((resolve, reject) => {
      this.asked.push(path);
      this.waiting.set(path, { resolve, reject });
      signal.addEventListener("abort", () => (this.aborted.push(path), this.waiting.delete(path), reject(signal.reason)));
    });

  async answer(test) {
    const path = [...this.waiting.keys()].find(test);
    assert.ok(path, `no such request among ${[...this.waiting.keys()]}`);
    this.waiting.get(path).resolve({ data: new Uint8Array(4), rows: 2, cols: 2, path });
    this.waiting.delete(path);
    await tick();
  }

  async isAsked(test) {
    while (!this.asked.some(test)) await tick();
  }

  async fail() {
    for (const { reject } of this.waiting.values()) reject(new Error("down"));
    this.waiting.clear();
    await tick();
  }
}

const isLevel = (level) => (path) => path.includes(`level=${level}`);
const isIndex = (index) => (path) => path.includes(`index=${index}&`);

function openScene({ prediction = null, layers = {} } = {}) {
  const session = new Session();
  session.set({ volume: "v", prediction });
  session.setScreen(SCREEN);
  session.showVolume(INFO, { zoom: 1, layers });
  const server = new Server();
  const shown = [];
  const states = [];
  const planes = { peek: () => null, placehold: () => ({ rows: 2, cols: 2 }), load: async (axis, index) => ({ axis, index, rows: 2, cols: 2 }) };
  const show = (name, what) => shown.push([name, what && `${what.index}@${what.level}`]);
  const scene = new Scene({ session, annotation: { planes }, cache: new SliceCache(1e6), show, report: (state) => states.push(state), fetchSlice: server.fetch });
  const follow = () => scene.follow(new View(gridOf(INFO), session.state.axis, session.state.zoom, session.state.center, SCREEN));
  session.watch(["indices", "zoom", "center", "layers"], follow);
  return { session, server, shown, states, scene };
}

test("the coarse picture is shown before the sharp one, labels only with a picture of their slice", async () => {
  const { server, shown, scene, states } = openScene();
  await tick();
  assert.deepEqual(shown, []);
  assert.equal(scene.isCurrent, false);
  await server.answer(isLevel(3));
  assert.deepEqual(shown.map(([name]) => name).slice(0, 2), ["coarse", "labels"]);
  assert.deepEqual([scene.isCurrent, scene.isSharp], [true, false]);
  await server.answer(isLevel(0));
  assert.deepEqual(shown.at(-1), ["image", "32@0"]);
  assert.deepEqual([scene.isSharp, states.at(-1)], [true, "ready"]);
});

test("the picture of another slice stays until there is one of this, and cannot be painted on", { timeout: 10_000 }, async () => {
  const { session, server, shown, scene } = openScene();
  await tick();
  await server.answer(isLevel(0));
  shown.length = 0;
  session.setIndex(40);
  await tick();
  assert.deepEqual(shown, []);
  assert.equal(scene.isCurrent, false);
  const isCoarse = (path) => isIndex(40)(path) && isLevel(3)(path);
  await server.isAsked(isCoarse); // once the sharp one is late
  await server.answer(isCoarse);
  assert.deepEqual(shown.slice(0, 2), [["coarse", "40@3"], ["image", null]]);
  assert.equal(scene.isCurrent, true);
});

test("where sharp slices come soon, nothing coarse delays them", async () => {
  const { session, server, shown } = openScene();
  await tick();
  await server.answer(isLevel(0));
  shown.length = 0;
  session.setIndex(40);
  await tick();
  assert.deepEqual(server.asked.filter(isIndex(40)).filter(isLevel(3)), []);
  await server.answer((path) => isIndex(40)(path) && isLevel(0)(path));
  assert.deepEqual(shown[0], ["image", "40@0"]);
});

test("answers that are no longer wanted are aborted and never shown", async () => {
  const { session, server, shown } = openScene();
  await tick();
  session.setIndex(50);
  await tick();
  assert.ok(server.aborted.some(isIndex(32)));
  assert.ok(!server.aborted.some(isIndex(50)));
  await server.answer((path) => isIndex(50)(path) || isIndex(48)(path));
  assert.ok(shown.every(([, what]) => what === null || what.startsWith("50@")));
});

test("neighbours are fetched once the slice is sharp, those in the direction of travel first", async () => {
  const { session, server } = openScene();
  await tick();
  await server.answer(isLevel(0));
  session.setIndex(20);
  await tick();
  const before = server.asked.length;
  await server.answer((path) => isIndex(20)(path) && isLevel(0)(path));
  const order = [];
  while ([...server.waiting.keys()].some(isLevel(0))) {
    order.push(Number(/index=(\d+)/.exec([...server.waiting.keys()].find(isLevel(0)))[1]));
    for (const path of [...server.waiting.keys()]) await server.answer((each) => each === path);
  }
  assert.ok(server.asked.length > before);
  assert.deepEqual(order, [19, 18, 21, 22]);
});

test("a neighbour that was fetched ahead is sharp at once and asks for nothing new of itself", async () => {
  const { session, server, scene } = openScene();
  await tick();
  await server.answer(isLevel(0));
  for (let n = 0; n < 8; n++) for (const path of [...server.waiting.keys()]) await server.answer((each) => each === path);
  server.asked.length = 0;
  session.stepIndex(1);
  await tick();
  assert.equal(scene.isSharp, true);
  assert.ok(!server.asked.some((path) => isIndex(33)(path)));
});

test("panning within the part there is asks for nothing", async () => {
  const { session, server } = openScene();
  await tick();
  await server.answer(isLevel(0));
  const { length } = server.asked;
  session.setView({ center: session.state.center.map((at) => at + 30) });
  await tick();
  assert.equal(server.asked.length, length);
});

test("prediction and confidence are asked for when their layers are seen", async () => {
  const { session, server, shown } = openScene({ prediction: "p1", layers: { prediction: { isVisible: false } } });
  await tick();
  await server.answer(isLevel(0));
  assert.ok(!server.asked.some((path) => path.includes("predictions")));
  session.toggleLayer("difference");
  session.toggleLayer("confidence");
  await tick();
  await server.answer((path) => path.includes("p1/class?") && path.includes("y0="));
  await server.answer((path) => path.includes("p1/confidence?"));
  assert.deepEqual(shown.filter(([name, what]) => what && /pre|con/.test(name)).map(([name]) => name), ["prediction", "confidence"]);
});

test("when the server is gone that is said, and what was there stays", async () => {
  const { session, server, states, shown, scene } = openScene();
  await tick();
  await server.answer(isLevel(0));
  shown.length = 0;
  session.setIndex(3);
  await tick();
  await server.fail();
  assert.equal(states.at(-1), "offline");
  assert.deepEqual(shown, []);
  scene.stop();
});

// Let images through until the plane of a chain is asked for, and settle that.
async function settleChained(server, act) {
  for (;;) {
    const path = [...server.waiting.keys()].find((each) => each.includes("/chained?"));
    if (path) {
      assert.match(path, /&client=\w+-z&/);
      act(server.waiting.get(path));
      server.waiting.delete(path);
      return tick();
    }
    const image = [...server.waiting.keys()].find((each) => each.includes("/slice?"));
    if (image) await server.answer((each) => each === image);
    else await tick();
  }
}

test("a chain's preview says where it is a guess, and where the region is too large", { timeout: 10_000 }, async () => {
  const { session, server, scene } = openScene({ prediction: "p1" });
  session.set({ chain: { source: "p1", json: "{}" } });
  session.setIndex(33);
  await settleChained(server, ({ resolve }) => resolve({ data: new Uint8Array(4), rows: 2, cols: 2, isExact: false }));
  assert.deepEqual(session.state.chainNotes, { z: { isGuess: true } });
  session.setIndex(34);
  await settleChained(server, ({ reject }) => reject(Object.assign(new Error("too large"), { type: "TooLarge" })));
  assert.deepEqual(session.state.chainNotes, { z: { isTooLarge: true } });
  assert.equal(scene.shown.prediction ?? null, null);
  session.setIndex(35);
  await settleChained(server, ({ resolve }) => resolve({ data: new Uint8Array(4), rows: 2, cols: 2, isExact: true }));
  assert.deepEqual(session.state.chainNotes, { z: null });
  scene.stop();
});
