import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./static.mjs";

const { LiveMode } = await load("live");
const { LiveLook, regionAround } = await load("livelook");
const { sayOn } = await load("livecontrol");
const { Session } = await load("session");

const MODEL = { number: 1, learn_s: 0.4, made: "2026-01-01T00:00:00Z", mean_dice: null, dice_spread: null, classes: [] };

const settled = () => new Promise((resolve) => setTimeout(resolve));

function liveOn(answers = {}) {
  const session = new Session();
  session.set({ volume: "rock", info: { shape: [4, 4, 4], levels: [] } });
  const sent = [];
  const sendJson = async (method, path, body) => {
    sent.push([method, path, body]);
    const answer = answers[path.split("/").at(-1)] ?? { id: "s1", phase: "starting", message: "", model: null, revision: 0 };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const request = async (path, { method }) => void sent.push([method, path]);
  const look = { shown: [], show: (source) => look.shown.push(source.model.number), clear: () => look.shown.push(null), stop() {} };
  const live = new LiveMode(session, { sendJson, request }, look);
  return { session, live, look, sent };
}

test("live mode asks for a session, and shows the models that events tell of", async () => {
  const { session, live, look, sent } = liveOn();
  live.start("instant");
  assert.equal(session.state.live.phase, "starting");
  await settled();
  assert.deepEqual(sent[0].slice(0, 2), ["POST", "api/volumes/rock/live"]);
  live.receive({ id: "s1", phase: "learning", message: "", model: MODEL, revision: 2 });
  assert.equal(session.state.live.model.number, 1);
  assert.deepEqual(look.shown.filter(Boolean), [1]);
  live.stop();
});

test("events of other pages, and those that come late, change nothing", async () => {
  const { session, live } = liveOn();
  live.start();
  await settled();
  live.receive({ id: "s1", phase: "ready", message: "", model: { ...MODEL, number: 5 }, revision: 7 });
  live.receive({ id: "s2", phase: "failed", message: "no", model: null, revision: 9 });
  live.receive({ id: "s1", phase: "learning", message: "", model: { ...MODEL, number: 4 }, revision: 6 });
  assert.deepEqual([session.state.live.phase, session.state.live.model.number], ["ready", 5]);
  live.stop();
});

test("off is off: the session is ended, and what it still says is not shown", async () => {
  const { session, live, sent, look } = liveOn();
  live.start();
  await settled();
  live.stop();
  assert.equal(session.state.live, null);
  assert.deepEqual(sent.at(-1), ["DELETE", "api/volumes/rock/live/s1"]);
  live.receive({ id: "s1", phase: "ready", message: "", model: MODEL, revision: 3 });
  assert.equal(session.state.live, null);
  assert.deepEqual(look.shown.filter(Boolean), []);
});

test("a session whose answer comes after it was turned off is ended, too", async () => {
  const { live, sent } = liveOn();
  live.start();
  live.stop();
  await settled();
  assert.deepEqual(sent.at(-1), ["DELETE", "api/volumes/rock/live/s1"]);
});

test("another volume ends it", async () => {
  const { session, live, sent } = liveOn();
  live.start();
  await settled();
  session.set({ volume: "bone" });
  assert.equal(session.state.live, null);
  assert.deepEqual(sent.at(-1), ["DELETE", "api/volumes/rock/live/s1"]);
});

test("a session that ended is said, and begun anew", async () => {
  const { session, live } = liveOn();
  live.start();
  await settled();
  live.receive({ id: "s1", phase: "ended" });
  assert.equal(session.state.live.id, null);
  assert.match(session.state.live.message, /started again/);
  live.stop();
});

test("what the service refuses is a failure that stays", async () => {
  const refusal = Object.assign(new Error("3 live sessions run already"), { status: 409 });
  const { session, live } = liveOn({ live: refusal });
  live.start();
  await settled();
  assert.deepEqual([session.state.live.phase, session.state.live.message], ["failed", "3 live sessions run already"]);
  live.stop();
});

test("the words are honest about what is saved and held out", () => {
  const now = Date.parse("2026-01-01T00:00:05Z");
  const say = (state) => sayOn({ phase: "ready", message: "", model: MODEL, kept: null, learner: "instant", ...state }, now);
  assert.deepEqual([say({}).text, say({}).detail], ["model 1 · 5 s ago", "not saved; nothing held out"]);
  const judged = { ...MODEL, mean_dice: 0.834, dice_spread: 0.02 };
  assert.equal(say({ model: judged }).detail, "not saved; Dice 0.83 ± 0.02 on held-out strokes");
  assert.match(say({ kept: { name: "rock", version: 3 } }).detail, /kept as rock:3/);
  assert.equal(say({ phase: "waiting", message: "paint", model: null }).text, "paint");
  assert.match(say({ phase: "paused" }).text, /training jobs go first/);
});

test("what is looked at lies on a grid, and stays while it holds what is seen", () => {
  const grid = { rows: 500, cols: 1000 };
  const first = regionAround({ r0: 70, r1: 300, c0: 10, c1: 990 }, grid);
  assert.deepEqual(first, { r0: 64, r1: 320, c0: 0, c1: 1000 });
  assert.equal(regionAround({ r0: 75, r1: 310, c0: 20, c1: 1000 }, grid, first), first);
  assert.notEqual(regionAround({ r0: 75, r1: 330, c0: 20, c1: 1000 }, grid, first), first);
  assert.deepEqual(regionAround({ r0: 100, r1: 120, c0: 100, c1: 120 }, grid, first), { r0: 64, r1: 128, c0: 64, c1: 128 });
});

function lookOn() {
  const info = { shape: [8, 64, 64], levels: [{ shape: [8, 64, 64], scale: [1, 1, 1] }] };
  const session = new Session();
  session.set({ volume: "rock", info });
  const plane = (axis) => ({ axis, index: 3, view: { axis, scale: { row: 1, col: 1 }, visibleRect: () => ({ r0: 0, r1: axis === "z" ? 64 : 8, c0: 0, c1: 64 }) } });
  const planes = [plane("z"), plane("y")];
  const asked = [];
  const ask = (source, place) => new Promise((resolve) => asked.push({ number: source.model.number, axis: place.axis, answer: (value) => resolve({ layers: new Uint8Array(2 * 64 * 64).fill(value), isExact: true }) }));
  const look = new LiveLook(session, () => {}, () => planes, ask);
  const show = (number) => look.show({ volume: "rock", id: "s1", learner: "instant", model: { ...MODEL, number } });
  return { session, look, planes, asked, show };
}

test("the large plane is asked first, one question at a time, and the newest model wins", async () => {
  const { session, asked, show, look } = lookOn();
  show(1);
  assert.deepEqual(asked.map(({ axis }) => axis), ["z"]);
  show(2);
  show(3);
  asked[0].answer(7);
  await settled();
  assert.equal(session.state.preview.note, "live instant 1");
  assert.deepEqual(asked.map(({ number, axis }) => [number, axis]), [[1, "z"], [3, "z"]]);
  asked[1].answer(8);
  await settled();
  assert.equal(session.state.preview.planes.z.prediction.slice.data[0], 8);
  assert.deepEqual(asked.at(-1).axis, "y");
  look.stop();
});

test("an answer about a slice that was left is dropped", async () => {
  const { session, asked, show, planes, look } = lookOn();
  show(1);
  planes[0].index = 4;
  asked[0].answer(7);
  await settled();
  assert.equal(session.state.preview, null);
  assert.equal(asked[1].axis, "z");
  look.stop();
});
