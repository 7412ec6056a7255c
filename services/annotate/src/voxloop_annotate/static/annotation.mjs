// Annotating one volume: its labels on the screen, the strokes on their way to the server, undo and redo.

import { getJson, getSlice, sendJson, volumePath } from "./api.mjs";
import { LabelPlanes } from "./labelplanes.mjs";
import { session as sharedSession } from "./session.mjs";
import { SliceCache } from "./slicecache.mjs";
import { LiveStroke } from "./stroke.mjs";
import { StrokeQueue } from "./strokequeue.mjs";
import { UNCERTAIN } from "./palette.mjs";

const LABEL_BYTES = 96 * 2 ** 20;

const IDS_KEPT = 500;

const HISTORY_LIMIT = 1000;

export class Annotation {
  constructor(session, api = { getJson, getSlice, sendJson }) {
    this.session = session;
    this.api = api;
    this.ownIds = new Set();
    this.listeners = new Set();
    this.queue = new StrokeQueue((item) => this.#send(item), {
      changed: (queue) => this.#reportQueue(queue),
      done: (item, answer) => this.#finish(item, answer),
      refused: (item, error) => this.#refuse(item, error),
    });
    this.planes = null;
  }

  /** Start on a volume with nothing known about its labels; strokes of the previous one are still sent. */
  open(volume) {
    this.volume = volume;
    const fetchPlane = (axis, index) => this.api.getSlice(volumePath(volume, `/labels?axis=${axis}&index=${index}`));
    this.planes = new LabelPlanes(fetchPlane, new SliceCache(LABEL_BYTES), (plane, rect) => this.#tell({ plane, rect }));
  }

  /** Call `listener({plane, rect})` when labels change, `({isStale: true})` when some should be asked for again. */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Begin a stroke on a plane of labels with the tool and class of the session; null without a class. */
  begin(plane) {
    const { tool, classId, overwrite } = this.session.state;
    const value = tool === "erase" ? 0 : classId;
    if (value === null) return null;
    const live = new LiveStroke(plane, { tool, value, overwrite: tool === "erase" ? "all" : overwrite });
    this.planes.begin(live);
    this.session.set({ isPainting: true });
    return live;
  }

  /** End a stroke: it is shown already, now it is sent. */
  end(live) {
    const stroke = live.finish(makeId());
    this.planes.finish(live, stroke);
    this.session.set({ isPainting: false });
    if (!stroke) return;
    this.#push({ kind: "stroke", id: stroke.body.id, stroke });
    this.session.set({ isAnnotated: true });
    this.#mark(stroke.body.axis, stroke.body.index);
  }

  undo() {
    if (this.volume && !this.session.state.isPainting) this.#push({ kind: "undo", id: makeId() });
  }

  redo() {
    if (this.volume && !this.session.state.isPainting) this.#push({ kind: "redo", id: makeId() });
  }

  /** Take over a stroke event of the server; those of this page are known already. */
  receive({ box, counts, stroke_id: id }) {
    if (counts) this.session.set({ counts });
    if (this.ownIds.has(id)) return;
    this.planes?.invalidate(box);
    this.#tell({ isStale: true });
    this.session.set({ isAnnotated: true });
    this.loadHistory();
  }

  /** Ask for everything again: events may have been missed. */
  resync() {
    this.planes?.invalidate(null);
    this.#tell({ isStale: true });
    this.queue.retry();
    this.loadHistory();
  }

  /** Fetch what can be undone and which slices carry strokes. */
  async loadHistory() {
    const { volume } = this;
    if (!volume) return;
    const answer = await this.api.getJson(volumePath(volume, `/history?limit=${HISTORY_LIMIT}`)).catch(() => null);
    if (!answer || volume !== this.volume) return;
    this.session.set({ marks: marksOf(answer.strokes), history: historyOf(answer) });
    if (this.session.state.isAnnotated === null) this.session.set({ isAnnotated: answer.strokes.length > 0 });
  }

  #push(item) {
    this.ownIds.add(item.id);
    if (this.ownIds.size > IDS_KEPT) this.ownIds.delete(this.ownIds.values().next().value);
    this.queue.push({ ...item, volume: this.volume, planes: this.planes });
  }

  #send({ kind, id, volume, stroke }) {
    if (kind === "stroke") return this.api.sendJson("POST", volumePath(volume, "/strokes"), stroke.body);
    return this.api.sendJson("POST", volumePath(volume, `/${kind}`), { id });
  }

  #finish(item, answer) {
    if (item.stroke) item.planes.acknowledge(item.stroke);
    else item.planes.invalidate(answer.box);
    if (item.volume !== this.volume) return;
    const { undoName, redoName } = this.session.state.history;
    this.session.set({ history: historyOf(answer), counts: answer.counts ?? this.session.state.counts });
    if (item.stroke) return;
    this.#tell({ isStale: true });
    this.session.say(item.kind === "undo" ? `undone: ${undoName ?? "last stroke"}` : `redone: ${redoName ?? "last stroke"}`);
    this.loadHistory();
  }

  #refuse(item, error) {
    if (item.stroke) item.planes.refuse(item.stroke);
    if (item.volume !== this.volume) return;
    if (item.stroke) this.session.set({ refusal: { error, time: Date.now() } });
    else this.session.say(error.message);
    this.loadHistory();
  }

  #reportQueue(queue) {
    const pendingStrokes = queue.items.length;
    this.session.set({ saveState: queue.state, pendingStrokes, saveProblem: queue.problem?.message ?? null });
  }

  #mark(axis, index) {
    const { marks } = this.session.state;
    if (marks[axis].includes(index)) return;
    this.session.set({ marks: { ...marks, [axis]: [...marks[axis], index].sort((a, b) => a - b) } });
  }

  #tell(event) {
    for (const listener of [...this.listeners]) listener(event);
  }
}

/** Give the indices that carry strokes, per axis, in order. */
export function marksOf(strokes) {
  const marks = { z: new Set(), y: new Set(), x: new Set() };
  for (const { axis, index, undone } of strokes) if (!undone && axis in marks && index !== null) marks[axis].add(index);
  return Object.fromEntries(Object.entries(marks).map(([axis, set]) => [axis, [...set].sort((a, b) => a - b)]));
}

/** Say in words what a stroke of `value` paints. */
export function nameOf(value, classes) {
  if (value === 0) return "unlabelled";
  if (value === UNCERTAIN) return "uncertain";
  return classes.find(({ id }) => id === value)?.name ?? `class ${value}`;
}

function historyOf({ can_undo: canUndo = false, can_redo: canRedo = false, undo_name: undoName, redo_name: redoName }) {
  return { canUndo, canRedo, undoName: undoName ?? null, redoName: redoName ?? null };
}

// crypto.randomUUID needs a secure context, which a plain http address of another host is not.
function makeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export const annotation = new Annotation(sharedSession);
