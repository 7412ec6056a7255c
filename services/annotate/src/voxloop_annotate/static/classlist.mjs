// The ClassList component: what can be painted, how much of it is, and whether it is shown.

import { annotation } from "./annotation.mjs";
import { ClassRow } from "./classrow.mjs";
import { askWhereVoxelsGo } from "./deleteclass.mjs";
import { element, iconButton, setText } from "./element.mjs";
import { amountText } from "./number.mjs";
import { UNCERTAIN, nextColor } from "./palette.mjs";
import { ProblemLine } from "./problemline.mjs";
import { session } from "./session.mjs";
import { saveClasses } from "./volume.mjs";

const UNCERTAIN_CLASS = { id: UNCERTAIN, name: "uncertain", color: null };

const KEYS = ["info", "volume", "classes", "nextClassId", "counts", "classId", "hiddenClasses"];

/** Fill `node` with the class list. */
export function mount(node) {
  const list = new ClassList(node);
  return { update() {}, unmount: () => list.close() };
}

class ClassList {
  constructor(node) {
    this.node = node;
    this.rows = new Map();
    this.list = element("div", { class: "vx-class-rows", role: "radiogroup", "aria-label": "Classes" });
    this.amount = element("div", { class: "vx-class-amount", role: "status" });
    this.problem = new ProblemLine("vx-class-problem", (error) => `Not saved: ${error.message}`);
    this.addButton = iconButton("plus", "Add a class", "", { class: "vx-icon-button vx-class-add vx-tip-left", onclick: () => this.add() });
    node.replaceChildren(this.addButton, this.list, this.amount, this.problem.node);
    this.end = session.watch(KEYS, (state) => this.#update(state));
  }

  close() {
    this.end();
    this.node.replaceChildren();
  }

  async add() {
    const { classes } = session.state;
    const id = session.state.nextClassId;
    const isSaved = await this.#save([...classes, { id, name: `class ${id}`, color: nextColor(classes) }]);
    if (!isSaved) return;
    session.setClass(id);
    this.rows.get(id)?.editName();
  }

  /** Change the name or colour of a class. */
  change(id, patch) {
    return this.#save(session.state.classes.map((each) => (each.id === id ? { ...each, ...patch } : each)));
  }

  /** Put a class where another one stands. */
  move(id, to) {
    const classes = session.state.classes.filter((each) => each.id !== id);
    const at = Math.max(0, Math.min(classes.length, to));
    classes.splice(at, 0, session.state.classes.find((each) => each.id === id));
    if (classes.some((each, i) => each !== session.state.classes[i])) this.#save(classes);
  }

  async remove(id) {
    const { classes, counts } = session.state;
    const gone = classes.find((each) => each.id === id);
    const others = classes.filter((each) => each.id !== id);
    const into = counts[id] ? await askWhereVoxelsGo(gone, counts[id], others) : 0;
    if (into === null) return;
    const isDone = await this.problem.attempt(() => annotation.deleteClass(id, into));
    if (isDone) session.say(`deleted ${gone.name}: ctrl z brings it back`);
  }

  #update(state) {
    const wanted = state.volume ? [...state.classes, UNCERTAIN_CLASS] : [];
    for (const [id, row] of this.rows) if (!wanted.some((each) => each.id === id)) this.rows.delete(id) && row.node.remove();
    wanted.forEach((each, at) => {
      if (!this.rows.has(each.id)) this.rows.set(each.id, new ClassRow(each.id, this));
      const row = this.rows.get(each.id);
      if (this.list.children[at] !== row.node) this.list.insertBefore(row.node, this.list.children[at] ?? null);
      row.update(each, at, state);
    });
    this.addButton.disabled = !state.info || !state.nextClassId;
    setText(this.amount, amountOf(state));
  }

  #save(classes) {
    return this.problem.attempt(() => saveClasses(session, classes));
  }
}

// The chosen class in voxels and in space; the slot is there also when there is nothing to say.
function amountOf({ info, classes, counts, classId }) {
  const chosen = classes.find(({ id }) => id === classId) ?? (classId === UNCERTAIN ? UNCERTAIN_CLASS : null);
  return info && chosen ? `${chosen.name}: ${amountText(counts[chosen.id] ?? 0, info)}` : "";
}
