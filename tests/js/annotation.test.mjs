import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { Annotation } = await load("annotation");
const { Session } = await load("session");
const { saveText } = await load("statusline");
const { take } = await load("role");

const ROWS = 6;
const COLS = 8;
const BODY = { tool: "rectangle", value: 2, axis: "z", index: 4, box: [[4, 5], [1, 3], [2, 5]], runs: [0, 6], overwrite: "all", replaces: null };

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A server that takes strokes when it is up, and a store that outlives a page. */
class World {
  constructor() {
    this.isUp = true;
    this.sent = [];
    this.kept = [];
    this.refusal = null;
    this.planeFetches = 0;
  }

  api() {
    return {
      getJson: async () => ({ strokes: [], annotated: { z: [], y: [], x: [] } }),
      getSlice: async () => ((this.planeFetches += 1), { data: new Uint8Array(ROWS * COLS), rows: ROWS, cols: COLS }),
      sendJson: async (method, path, body) => {
        if (!this.isUp) throw new Error("no answer");
        if (this.refusal) throw this.refusal;
        this.sent.push({ method, path, body });
        return { box: body?.box ?? null, counts: { 2: 6 }, can_undo: true, undo_name: "rectangle b z=4" };
      },
    };
  }

  outbox() {
    return {
      add: async (entry) => void this.kept.push(entry),
      remove: async (id) => void (this.kept = this.kept.filter((each) => each.id !== id)),
      all: async () => [...this.kept],
    };
  }

  /** Open the page anew on a volume. */
  async page(volume = "v") {
    const session = new Session();
    const annotation = new Annotation(session, this.api(), this.outbox());
    session.setClasses([{ id: 1, name: "a", color: "#e69f00" }, { id: 2, name: "b", color: "#56b4e9" }]);
    annotation.open(volume);
    await settle();
    return { session, annotation };
  }
}

const labelsOf = async (annotation) => Array.from((await annotation.planes.load("z", 4)).data);

test("a shape is shown at once, sent, and then no longer kept", async () => {
  const world = new World();
  const { session, annotation } = await world.page();
  await annotation.planes.load("z", 4);
  annotation.paint(BODY);
  assert.equal((await labelsOf(annotation)).filter((value) => value === 2).length, 6);
  await settle();
  assert.equal(world.sent[0].path, "api/volumes/v/strokes");
  assert.deepEqual([world.kept, session.state.saveState, session.state.history.undoName], [[], "saved", "rectangle b z=4"]);
});

test("what waits survives a reload, is shown again, and is sent in order when the server is back", async () => {
  const world = new World();
  world.isUp = false;
  const before = await world.page();
  before.annotation.paint(BODY);
  before.annotation.paint({ ...BODY, value: 1, runs: [0, 2, 4] });
  before.annotation.undo();
  await settle();
  const { saveState, pendingStrokes, areStrokesKept } = before.session.state;
  assert.deepEqual([saveState, areStrokesKept, saveText(saveState, pendingStrokes)], ["offline", true, "offline, 3 strokes waiting"]);
  assert.equal(world.kept.length, 3);

  world.isUp = true;
  const after = await world.page();
  await settle();
  assert.deepEqual(world.sent.map(({ path }) => path.split("/").at(-1)), ["strokes", "strokes", "undo"]);
  assert.deepEqual(world.sent.map(({ body }) => body.value), [2, 1, undefined]);
  assert.equal(after.session.state.saveState, "saved");
  await settle();
  assert.deepEqual(world.kept, []);
});

test("strokes that wait for one volume are not shown on another, but sent", async () => {
  const world = new World();
  world.isUp = false;
  (await world.page("v")).annotation.paint(BODY);
  await settle();
  const { annotation } = await world.page("other");
  assert.ok((await labelsOf(annotation)).every((value) => value === 0));
  world.isUp = true;
  annotation.queue.retry();
  await settle();
  assert.equal(world.sent[0].path, "api/volumes/v/strokes");
});

test("a refused stroke leaves the screen and the store, and the user is told", async () => {
  const world = new World();
  const { session, annotation } = await world.page();
  await annotation.planes.load("z", 4);
  world.refusal = Object.assign(new Error("no such class"), { status: 422 });
  annotation.paint(BODY);
  await settle();
  assert.ok((await labelsOf(annotation)).every((value) => value === 0));
  assert.equal(session.state.refusal.error.message, "no such class");
  assert.deepEqual(world.kept, []);
});

test("what only the server can compute is asked for again when it is done", async () => {
  const world = new World();
  const { annotation } = await world.page();
  await annotation.planes.load("z", 4);
  const heard = [];
  annotation.listen(({ isStale }) => isStale && heard.push("stale"));
  annotation.paint({ ...BODY, intensity: [10, 20] });
  await settle();
  assert.deepEqual(heard, ["stale"]);
  await annotation.planes.load("z", 4);
  assert.equal(world.planeFetches, 2);
});

test("a fill gives its answer, and throws what the server refuses", async () => {
  const world = new World();
  const { annotation } = await world.page();
  const answer = await annotation.fill({ kind: "holes", value: 2, axis: "z", index: 4, box: null });
  assert.deepEqual(answer.counts, { 2: 6 });
  world.refusal = Object.assign(new Error("nothing to fill"), { status: 422 });
  await assert.rejects(annotation.fill({ kind: "holes", value: 2, axis: "z", index: 4 }), /nothing to fill/);
});

test("a stroke that is taken back while it is drawn leaves nothing", async () => {
  const world = new World();
  const { session, annotation } = await world.page();
  session.setClass(2);
  const plane = await annotation.planes.load("z", 4);
  const live = annotation.begin(plane);
  live.add([{ row: 1, c0: 2, c1: 5 }], annotation.planes.writable(plane));
  annotation.end(live, false);
  await settle();
  assert.ok((await labelsOf(annotation)).every((value) => value === 0));
  assert.deepEqual([world.sent, session.state.isPainting], [[], false]);
});

test("deleting a class names what becomes of its voxels", async () => {
  const world = new World();
  const { annotation } = await world.page();
  await annotation.deleteClass(2, 1);
  assert.equal(world.sent[0].method, "DELETE");
  assert.match(world.sent[0].path, /^api\/volumes\/v\/classes\/2\?into=1&id=/);
});

test("a viewer paints nothing, and is told why", async () => {
  const world = new World();
  const { session, annotation } = await world.page();
  take(session, { user: "eva", role: "viewer", may_change: false, host: "ada" });
  const why = "you are a viewer here: ask ada for the role annotator to paint";

  assert.equal(session.state.tool, "pan");
  session.setTool("brush");
  assert.deepEqual([session.state.tool, session.state.message.text], ["pan", why]);
  session.setTool("pick");
  assert.equal(session.state.tool, "pick");
  session.setClass(2);
  assert.deepEqual([session.state.tool, session.state.classId], ["pick", 2]);

  annotation.paint(BODY);
  annotation.undo();
  await assert.rejects(annotation.fill({ kind: "holes" }), { message: why });
  assert.deepEqual(await labelsOf(annotation), new Array(ROWS * COLS).fill(0));
  assert.deepEqual([world.sent, world.kept], [[], []]);
});

test("who has not been told what they may is not hindered: the server decides", async () => {
  const { session } = await new World().page();
  session.setTool("erase");
  assert.equal(session.state.tool, "erase");
  take(session, { user: "eva", role: "annotator", may_change: true, host: "ada" });
  assert.equal(session.state.tool, "erase");
});
