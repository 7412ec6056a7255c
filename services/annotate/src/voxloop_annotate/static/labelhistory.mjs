// What was done to the labels: the newest changes and older ones on request, the slices with strokes, what undo would take back.

import { volumePath } from "./api.mjs";

const PAGE = 60;

const PERIOD_MS = 300;

export class LabelHistory {
  constructor(session, getJson) {
    Object.assign(this, { session, getJson, volume: null, timer: null });
  }

  /** Start on another volume with nothing known. */
  open(volume) {
    this.volume = volume;
    clearTimeout(this.timer);
    this.timer = null;
    this.session.set({ changes: [], hasOlderChanges: false });
  }

  /** Load soon; many calls in a row, as when a colleague paints fast, make few requests. */
  loadSoon() {
    this.timer ??= setTimeout(() => this.load(), PERIOD_MS);
  }

  /** Fetch the newest changes, as many as are shown. */
  async load() {
    clearTimeout(this.timer);
    this.timer = null;
    const count = Math.max(PAGE, this.session.state.changes.length);
    const answer = await this.#fetch(`limit=${count}`);
    if (!answer) return;
    const { strokes, more = false, annotated } = answer;
    this.session.set({ changes: strokes, hasOlderChanges: more, marks: annotated, history: historyOf(answer) });
    if (this.session.state.isAnnotated === null) this.session.set({ isAnnotated: strokes.length > 0 });
  }

  /** Fetch the changes before the oldest one that is shown. */
  async loadOlder() {
    const { changes, hasOlderChanges } = this.session.state;
    if (!hasOlderChanges || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    const answer = await this.#fetch(`limit=${PAGE}&before=${changes.at(-1).snapshot}`);
    this.isLoadingOlder = false;
    if (answer && changes === this.session.state.changes) this.session.set({ changes: [...changes, ...answer.strokes], hasOlderChanges: answer.more });
  }

  /** Take over what an answer to a change says. */
  take(answer) {
    this.session.set({ history: historyOf(answer), counts: answer.counts ?? this.session.state.counts });
    this.loadSoon();
  }

  /** Mark a slice as annotated before the server says so. */
  mark(axis, index) {
    const { marks } = this.session.state;
    if (marks[axis].includes(index)) return;
    this.session.set({ marks: { ...marks, [axis]: [...marks[axis], index].sort((a, b) => a - b) } });
  }

  async #fetch(query) {
    const { volume } = this;
    if (!volume) return null;
    const answer = await this.getJson(volumePath(volume, `/history?${query}`)).catch(() => null);
    return volume === this.volume ? answer : null;
  }
}

function historyOf({ can_undo: canUndo = false, can_redo: canRedo = false, undo_name: undoName, redo_name: redoName }) {
  return { canUndo, canRedo, undoName: undoName ?? null, redoName: redoName ?? null };
}
