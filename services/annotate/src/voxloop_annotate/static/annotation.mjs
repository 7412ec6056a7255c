// Annotating one volume: its labels on the screen, and every change of them on its way to the server.

import { getJson, getSlice, sendJson, volumePath } from "./api.mjs";
import { makeChange, makeId, plainOf, requestOf } from "./change.mjs";
import { LabelHistory } from "./labelhistory.mjs";
import { LabelPlanes } from "./labelplanes.mjs";
import { LiveStroke } from "./livestroke.mjs";
import { Outbox } from "./outbox.mjs";
import { mayChange, whyNot } from "./rights.mjs";
import { session as sharedSession } from "./session.mjs";
import { SliceCache } from "./slicecache.mjs";
import { boxOf } from "./plane.mjs";
import { Stroke, isDecidedByServer } from "./stroke.mjs";
import { StrokeQueue } from "./strokequeue.mjs";
import { loadClasses } from "./volume.mjs";

const LABEL_BYTES = 96 * 2 ** 20;

const IDS_KEPT = 500;

// What may change the classes too: a deleted one goes, or comes back.
const CLASS_KINDS = new Set(["undo", "redo", "jump", "restore", "deleteClass"]);

const DONE = { undo: "undone", redo: "redone", jump: "gone to", restore: "restored" };

export class Annotation {
  constructor(session, api = { getJson, getSlice, sendJson }, outbox = new Outbox()) {
    Object.assign(this, { session, api, outbox, ownIds: new Set(), listeners: new Set(), planes: null });
    this.history = new LabelHistory(session, (path) => this.api.getJson(path));
    this.queue = new StrokeQueue((change) => this.#send(change), {
      changed: (queue) => this.#reportQueue(queue),
      done: (change, answer) => this.#finish(change, answer),
      refused: (change, error) => this.#refuse(change, error),
    });
  }

  /** Start on a volume with nothing known about its labels; changes of the previous one are still sent. */
  open(volume) {
    this.volume = volume;
    this.history.open(volume);
    const fetchPlane = (axis, index) => this.api.getSlice(volumePath(volume, `/labels?axis=${axis}&index=${index}`));
    this.planes = new LabelPlanes(fetchPlane, new SliceCache(LABEL_BYTES), (plane, rect) => this.#tell({ plane, rect }));
    for (const change of this.queue.items) if (change.volume === volume) this.#show(change);
    this.recovery ??= this.#recover();
  }

  /** Call `listener({plane, rect})` when labels change, `({isStale: true})` when some should be asked for again. */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Begin a stroke on a plane of labels; `settings` = {tool, value, overwrite, replaces, intensity}, by default the session's. Null without a class. */
  begin(plane, settings = this.settings()) {
    if (settings.value === null || this.#isRefused()) return null;
    const live = new LiveStroke(plane, settings);
    this.planes.begin(live);
    this.session.set({ isPainting: true });
    return live;
  }

  /** Give what the session's tool paints: {tool, value, overwrite, replaces}; the eraser heeds no rule. */
  settings() {
    const { tool, classId, overwrite, replaces = null } = this.session.state;
    if (tool === "erase") return { tool, value: 0, overwrite: "all", replaces: null };
    return { tool, value: classId, overwrite, replaces: overwrite === "class" ? replaces : null };
  }

  /** End a stroke (null: it is taken back): it is shown already, now it is sent. */
  end(live, isKept = true) {
    const stroke = isKept ? live.finish(makeId()) : null;
    this.planes.finish(live, stroke);
    this.session.set({ isPainting: false });
    if (!isKept && live.rect) this.planes.refuse({ box: boxOf(live.plane.axis, live.plane.index, live.rect) });
    if (stroke) this.#pushStroke(stroke);
  }

  /** Paint a finished stroke, a body as in POST strokes without its id: shown at once, then sent. */
  paint(body) {
    if (this.#isRefused()) return;
    const stroke = new Stroke({ ...body, id: makeId() });
    this.planes.add(stroke);
    this.#pushStroke(stroke);
  }

  /** Let the server fill (a body as in POST fills without its id); gives its answer once it is there, throws what it refuses. */
  fill(body) {
    return this.#ask("fill", body);
  }

  undo() {
    if (this.volume && !this.session.state.isPainting) this.#ask("undo").catch(() => {});
  }

  redo() {
    if (this.volume && !this.session.state.isPainting) this.#ask("redo").catch(() => {});
  }

  /** Undo or redo until the stroke that made `snapshot` is the newest one that stands (null: none). */
  jump(snapshot) {
    return this.#ask("jump", { snapshot });
  }

  /** Make the labels those of an earlier snapshot. */
  restore(snapshot) {
    return this.#ask("restore", { snapshot });
  }

  /** Take a class away; its voxels become those of class `into`, 0: unlabelled. */
  deleteClass(classId, into) {
    return this.#ask("deleteClass", { classId, into });
  }

  /** Take over a stroke event of the server; those of this page are known already. */
  receive({ box, counts, stroke_id: id, author, name }) {
    if (counts) this.session.set({ counts });
    if (this.ownIds.has(id)) return;
    this.planes?.invalidate(box);
    this.#tell({ isStale: true });
    this.session.set({ isAnnotated: true });
    if (author && name) this.session.say(`${author}: ${name}`);
    this.history.loadSoon();
  }

  /** Ask for everything again: events may have been missed. */
  resync() {
    this.planes?.invalidate(null);
    this.#tell({ isStale: true });
    this.queue.retry();
    this.history.load();
  }

  loadHistory() {
    return this.history.load();
  }

  #pushStroke(stroke) {
    const { axis, index } = stroke.body;
    this.#push({ ...makeChange("stroke", this.volume, stroke.body), stroke });
    this.session.set({ isAnnotated: true });
    this.history.mark(axis, index);
  }

  #ask(kind, body = {}) {
    if (this.#isRefused()) return Promise.reject(new Error(whyNot(this.session.state)));
    return new Promise((resolve, reject) => this.#push({ ...makeChange(kind, this.volume, body), resolve, reject }));
  }

  // Who only looks is told so before anything is drawn; the server would refuse it, too.
  #isRefused() {
    if (mayChange(this.session.state)) return false;
    this.session.say(whyNot(this.session.state));
    return true;
  }

  #push(change, isKept = false) {
    this.ownIds.add(change.id);
    if (this.ownIds.size > IDS_KEPT) this.ownIds.delete(this.ownIds.values().next().value);
    change.planes ??= change.volume === this.volume ? this.planes : null;
    change.isKept = isKept;
    if (!isKept) change.keeping = this.outbox.add(plainOf(change)).then(() => ((change.isKept = true), this.#reportQueue(this.queue)), () => {});
    this.queue.push(change);
  }

  // What an earlier page painted and could not send any more.
  async #recover() {
    const kept = await this.outbox.all().catch(() => []);
    const known = new Set(this.queue.items.map(({ id }) => id));
    for (const change of kept.filter(({ id }) => !known.has(id) && !this.ownIds.has(id))) {
      if (change.volume === this.volume) this.#show(change);
      this.#push(change, true);
    }
  }

  #show(change) {
    change.planes = this.planes;
    if (change.kind !== "stroke") return;
    change.stroke ??= new Stroke(change.body);
    this.planes.add(change.stroke);
  }

  #send(change) {
    const { method, path, body } = requestOf(change);
    return this.api.sendJson(method, path, body);
  }

  #finish(change, answer) {
    this.#forget(change);
    if (change.stroke && !isDecidedByServer(change.body)) change.planes?.acknowledge(change.stroke);
    else change.planes?.supersede(change.stroke, answer.box);
    change.resolve?.(answer);
    if (change.volume !== this.volume) return;
    const { undoName, redoName } = this.session.state.history;
    this.history.take(answer);
    if (CLASS_KINDS.has(change.kind)) loadClasses(this.session);
    if (!change.stroke || isDecidedByServer(change.body)) this.#tell({ isStale: true });
    const name = { undo: undoName, redo: redoName }[change.kind] ?? answer.undo_name;
    if (change.kind in DONE) this.session.say(`${DONE[change.kind]}: ${name ?? "the first labels"}`);
  }

  #refuse(change, error) {
    this.#forget(change);
    if (change.stroke) change.planes?.refuse(change.stroke);
    change.reject?.(error);
    if (change.volume !== this.volume) return;
    if (change.stroke) this.session.set({ refusal: { error, time: Date.now() } });
    else this.session.say(error.message);
    this.history.loadSoon();
  }

  #forget({ id, keeping }) {
    Promise.resolve(keeping).then(() => this.outbox.remove(id)).catch(() => {});
  }

  #reportQueue(queue) {
    const { items } = queue;
    const isSafe = items.every(({ isKept }) => isKept);
    this.session.set({ saveState: queue.state, pendingStrokes: items.length, areStrokesKept: isSafe, saveProblem: queue.problem?.message ?? null });
  }

  #tell(event) {
    for (const listener of [...this.listeners]) listener(event);
  }
}

export const annotation = new Annotation(sharedSession);
