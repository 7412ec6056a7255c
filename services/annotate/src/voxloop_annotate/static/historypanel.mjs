// The HistoryPanel component: what was done to the labels, newest first; one can go back to any of it.

import { annotation } from "./annotation.mjs";
import { element, icon, iconButton, setIcon, setText } from "./element.mjs";
import { orderOf } from "./plane.mjs";
import { session } from "./session.mjs";
import { agoText } from "./time.mjs";

const AGE_PERIOD_MS = 30_000;

const NEAR_END_PX = 200;

const ICONS = { accept: "accept", erase: "erase", restore: "restore", "delete class": "delete" };

const SHOWN = ({ tool }) => tool !== "undo" && tool !== "redo";

/** Fill `node` with the history. */
export function mount(node) {
  const panel = new HistoryPanel(node);
  return { update() {}, unmount: () => panel.close() };
}

class HistoryPanel {
  constructor(node) {
    this.node = node;
    this.rows = new Map();
    this.empty = element("div", { class: "vx-quiet" }, "Nothing painted yet.");
    this.list = element("ol", { class: "vx-rows", "aria-label": "Changes of the labels, newest first", onscroll: () => this.#onScroll() });
    this.start = element("button", { type: "button", class: "vx-text-button vx-history-start", title: "Undo all of your strokes", onclick: () => go(() => annotation.jump(null)) }, "Back to the start");
    node.replaceChildren(this.empty, this.list, this.start);
    this.end = session.watch(["changes", "hasOlderChanges", "volume"], (state) => this.#update(state));
    this.timer = setInterval(() => this.#updateAges(), AGE_PERIOD_MS);
  }

  close() {
    this.end();
    clearInterval(this.timer);
    this.node.replaceChildren();
  }

  #update({ changes, hasOlderChanges }) {
    const shown = changes.filter(SHOWN);
    const wanted = new Set(shown.map(({ snapshot }) => snapshot));
    for (const [snapshot, row] of this.rows) if (!wanted.has(snapshot)) this.rows.delete(snapshot) && row.node.remove();
    const authors = new Set(shown.map(({ author }) => author));
    const newest = shown.find((change) => change.can_jump && !change.undone)?.snapshot;
    shown.forEach((change, at) => {
      if (!this.rows.has(change.snapshot)) this.rows.set(change.snapshot, new HistoryRow(change));
      const row = this.rows.get(change.snapshot);
      if (this.list.children[at] !== row.node) this.list.insertBefore(row.node, this.list.children[at] ?? null);
      row.update(change, { isNewest: change.snapshot === newest, hasManyAuthors: authors.size > 1 });
    });
    this.empty.hidden = shown.length > 0;
    this.list.hidden = !shown.length;
    this.start.hidden = hasOlderChanges || !shown.some(({ undone }) => !undone);
  }

  #updateAges() {
    for (const row of this.rows.values()) row.updateAge();
  }

  #onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) annotation.history.loadOlder();
  }
}

class HistoryRow {
  constructor(change) {
    this.change = change;
    this.icon = icon("brush");
    this.name = element("span", { class: "vx-history-name vx-row-text" });
    this.author = element("span", { class: "vx-history-author vx-row-note" });
    this.age = element("span", { class: "vx-history-age vx-row-note" });
    this.jump = iconButton("jump", "Undo or redo to here", "", button(() => annotation.jump(this.change.snapshot)));
    const restore = iconButton("restore", "Restore the labels as they were then", "", button(() => annotation.restore(this.change.snapshot)));
    this.node = element("li", { class: "vx-history-row", tabindex: "0", "data-snapshot": change.snapshot, "data-by": change.by, onclick: () => show(this.change), onkeydown: (event) => this.#onKey(event) }, this.icon, this.name, this.author, this.age, this.jump, restore);
  }

  update(change, { isNewest, hasManyAuthors }) {
    this.change = change;
    setIcon(this.icon, iconOf(change));
    setText(this.name, change.name);
    this.name.title = `${change.name}, ${change.voxels.toLocaleString("en")} voxels${change.by === "tool" ? ", filled by a tool" : ""}`;
    setText(this.author, hasManyAuthors ? change.author : "");
    this.age.title = `${new Date(change.time).toLocaleString()} by ${change.author}`;
    this.node.toggleAttribute("data-undone", change.undone);
    this.node.toggleAttribute("data-newest", isNewest);
    this.jump.disabled = !change.can_jump || isNewest;
    this.updateAge();
  }

  updateAge() {
    setText(this.age, agoText(new Date(this.change.time)));
  }

  #onKey(event) {
    if (event.target !== this.node || event.key !== "Enter") return;
    event.preventDefault();
    show(this.change);
  }
}

function iconOf({ tool, by }) {
  return ICONS[tool] ?? (by === "tool" ? "auto" : "brush");
}

function button(act) {
  const onclick = (event) => {
    event.stopPropagation();
    go(act);
  };
  return { class: "vx-icon-button vx-row-button vx-history-act vx-tip-left", onclick };
}

// What the server refuses is said in the status line by the annotation.
const go = (act) => act().catch(() => {});

// Bring the place of a change into view.
function show({ axis, index, box }) {
  if (!axis || index === null) return;
  session.setAxis(axis);
  session.setIndex(index);
  if (session.state.isFitted || !box) return;
  const center = box.map(([low, high]) => (low + high) / 2);
  center[orderOf(axis).depth] = session.state.center[orderOf(axis).depth];
  session.setView({ center });
}
