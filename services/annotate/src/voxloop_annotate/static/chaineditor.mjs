// The editor of post-processing: steps as a list, presets, what removed voxels become, live preview, apply.

import { sendJson, getJson, volumePath } from "./api.mjs";
import { EMPTY, addStep, changeStep, fallbackOf, moveStep, newStep, promote, ranking, readKinds, removeStep, titleOf } from "./chain.mjs";
import { stepNode } from "./chainstep.mjs";
import { element, setText } from "./element.mjs";
import { ProblemLine } from "./problemline.mjs";

const SETTLE_MS = 200;

export class ChainEditor {
  constructor(session) {
    Object.assign(this, { session, chain: EMPTY, info: null, kinds: [], presets: {}, isPreviewed: false });
    this.list = element("ol", { class: "vx-steps" });
    this.adder = element("select", { class: "form-select", "aria-label": "Add a step", "data-chain": "add", onchange: () => this.#add() });
    this.presetChoice = element("select", { class: "form-select", "aria-label": "Start from a preset", "data-chain": "preset", onchange: () => this.#takePreset() });
    this.fallback = element("select", { class: "form-select", "aria-label": "What removed voxels become", "data-chain": "fallback", onchange: () => this.#set({ ...this.chain, fallback: Number(this.fallback.value) }) });
    this.order = element("span", { class: "vx-order", role: "group", "aria-label": "Which class wins where they overlap: the first" });
    this.preview = element("input", { type: "checkbox", class: "form-check-input", "data-chain": "preview", onchange: () => this.#togglePreview() });
    this.apply = element("button", { type: "button", class: "vx-secondary", "data-chain": "apply", title: "Make a new prediction by these steps", onclick: () => this.#start() }, "Apply");
    this.problem = new ProblemLine("vx-chain-problem");
    this.note = element("div", { class: "vx-quiet", role: "status", "data-chain": "note", hidden: true });
    this.endNotes = session.watch(["chain", "chainNotes"], (state) => this.#showNote(state));
    this.after = element("div", { class: "vx-chain-after" }, this.#row("Removed becomes", this.fallback), this.#row("Who wins", this.order));
    const start = element("div", { class: "vx-row" }, this.adder, this.presetChoice);
    const end = element("div", { class: "vx-chain-end" }, element("label", { class: "vx-chain-preview" }, this.preview, "Preview"), this.apply);
    this.node = element("details", { class: "vx-chain", ontoggle: () => this.#onToggle() }, element("summary", {}, "Post-processing"), this.list, start, this.after, this.problem.node, this.note, end);
  }

  close() {
    clearTimeout(this.timer);
    this.endNotes();
    this.session.set({ chain: null });
  }

  /** Edit what becomes of a prediction; one that a chain has made shows that chain, and is made anew from its source. */
  open(info) {
    if (info?.id === this.info?.id) return;
    const isSame = info && this.info && sourceOf(info) === sourceOf(this.info);
    this.info = info;
    this.#stopPreview();
    if (info?.chain) this.chain = { ...EMPTY, ...info.chain };
    else if (!isSame && !fits(this.chain, info)) this.chain = EMPTY;
    this.#draw();
  }

  async #onToggle() {
    if (!this.node.open) return this.#stopPreview();
    if (!this.kinds.length) await this.#load();
    return this.#draw();
  }

  #load() {
    return this.#attempt(async () => {
      const { schema, presets } = await getJson("api/chains");
      this.kinds = readKinds(schema);
      this.presets = presets;
      this.adder.replaceChildren(element("option", { value: "" }, "Add a step…"), ...this.kinds.map(({ kind, help }) => element("option", { value: kind, title: help }, titleOf(kind))));
      this.presetChoice.replaceChildren(element("option", { value: "" }, "Preset…"), ...Object.keys(presets).map((name) => element("option", { value: name }, name)));
    });
  }

  #draw() {
    const { chain, info, kinds } = this;
    if (!info || !kinds.length) return;
    const { classes } = info;
    const fallback = fallbackOf(chain, classes);
    const nodes = chain.steps.map((step, place) => {
      const act = { change: (to) => this.#set(changeStep(this.chain, place, to)), move: (by) => this.#set(moveStep(this.chain, place, place + by)), remove: () => this.#set(removeStep(this.chain, place)) };
      return stepNode(step, { kind: kinds.find(({ kind }) => kind === step.kind), place, count: chain.steps.length, classes, fallback, act });
    });
    const hint = element("li", { class: "vx-quiet" }, "Add a step, or start from a preset. The steps change each class by itself, one after the other.");
    this.list.replaceChildren(...(nodes.length ? nodes : [hint]));
    const choices = [...classes.map(({ id, name }) => [id, name]), [0, "unlabelled"]];
    this.fallback.replaceChildren(...choices.map(([id, name]) => element("option", { value: id, selected: id === fallback }, name)));
    this.#drawOrder(classes, fallback);
    this.after.hidden = !nodes.length;
    this.apply.disabled = this.preview.disabled = !nodes.length;
  }

  #drawOrder(classes, fallback) {
    const order = ranking({ ...this.chain, fallback }, classes);
    const buttons = order.map((id, place) => {
      const { name } = classes.find((each) => each.id === id) ?? { name: `class ${id}` };
      const title = place ? `Let ${name} win over the one before it` : `${name} wins over all others`;
      return element("button", { type: "button", class: "vx-class-chip", "data-rank": id, title, "aria-label": title, disabled: place === 0, onclick: () => this.#set(promote(this.chain, id, classes)) }, name);
    });
    this.order.replaceChildren(...buttons);
  }

  #row(label, control) {
    return element("div", { class: "vx-chain-row" }, element("span", { class: "vx-field-label" }, label), control);
  }

  #set(chain) {
    this.chain = chain;
    this.problem.tell(null);
    const place = placeOf(this.node);
    this.#draw();
    place?.();
    if (!chain.steps.length) this.#stopPreview();
    else if (this.isPreviewed) this.#showSoon();
  }

  #add() {
    const kind = this.kinds.find((each) => each.kind === this.adder.value);
    this.adder.value = "";
    if (kind) this.#set(addStep(this.chain, newStep(kind, this.session.state.info.intensity)));
  }

  #takePreset() {
    const chain = this.presets[this.presetChoice.value];
    this.presetChoice.value = "";
    if (chain) this.#set({ ...EMPTY, ...chain });
  }

  #togglePreview() {
    this.isPreviewed = this.preview.checked;
    if (this.isPreviewed) this.#showSoon();
    else this.#stopPreview();
  }

  #stopPreview() {
    clearTimeout(this.timer);
    this.isPreviewed = this.preview.checked = false;
    this.session.set({ chain: null });
  }

  #showSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#show(), SETTLE_MS);
  }

  // Checked first: what cannot be computed would look like a server that does not answer.
  async #show() {
    const { chain } = this;
    if (!(await this.#send("/postprocess/check")) || chain !== this.chain || !this.isPreviewed) return;
    this.session.set({ chainNotes: {}, chain: { source: sourceOf(this.info), json: JSON.stringify(chain) } });
    if (!this.session.state.layers.prediction.isVisible) this.session.setLayer("prediction", { isVisible: true });
  }

  #showNote({ chain, chainNotes }) {
    const notes = chain ? Object.values(chainNotes).filter(Boolean) : [];
    const said = notes.some(({ isTooLarge }) => isTooLarge) ? "Too large a region to preview: zoom in." : "Parts that leave the region looked at count as large here: the result of Apply may differ.";
    this.note.hidden = !notes.length;
    setText(this.note, notes.length ? said : "");
  }

  async #start() {
    this.apply.disabled = true;
    if (await this.#send("/postprocess")) {
      this.#stopPreview();
      this.session.say("post-processing: the new prediction is shown when it is there");
    }
    this.apply.disabled = false;
  }

  #send(path) {
    const address = volumePath(this.session.state.volume, `/predictions/${encodeURIComponent(sourceOf(this.info))}${path}`);
    return this.#attempt(() => sendJson("POST", address, { chain: this.chain }));
  }

  async #attempt(act) {
    const isDone = await this.problem.attempt(act);
    if (!isDone) this.session.set({ chain: null });
    return isDone;
  }
}

const sourceOf = ({ id, source }) => source ?? id;

function fits({ steps, fallback, priority }, info) {
  const known = new Set(info?.classes.map(({ id }) => id) ?? []);
  const named = [...steps.flatMap(({ classes }) => classes ?? []), ...priority, ...(fallback ? [fallback] : [])];
  return named.every((id) => known.has(id));
}

// Drawing again makes new nodes: give the focus back to the control that had it.
function placeOf(node) {
  const held = document.activeElement;
  const step = held?.closest?.("[data-step]");
  if (!step || !node.contains(held)) return null;
  const at = [...step.parentElement.children].indexOf(step);
  const [name] = ["data-field", "data-class", "data-move"].filter((each) => held.hasAttribute(each));
  const selector = name && `[${name}="${held.getAttribute(name)}"]`;
  return () => selector && node.querySelectorAll("[data-step]")[at]?.querySelector(selector)?.focus();
}
