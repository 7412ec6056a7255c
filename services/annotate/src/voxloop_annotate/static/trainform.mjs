// The TrainForm component: what to train, how long, starting from what, and what comes after; the rest is folded away (see expertform.mjs).
// Its `order` prop is what the Train button sends; `started` is the job that came of it.

import { getJson, volumePath } from "./api.mjs";
import { element, setText } from "./element.mjs";
import { ExpertForm } from "./expertform.mjs";
import { modelPreview } from "./modelpreview.mjs";
import { modelText, newestOwn, parentsFor } from "./parents.mjs";
import { session } from "./session.mjs";

const KEY = "voxloop-train";

const BUDGETS = [[30, "30 s"], [60, "60 s"], [180, "3 min"], [600, "10 min"], [1800, "30 min"], [7200, "2 h"]];

const AFTER = [["predict", "predict the volume"], ["preview", "preview what is seen"], ["nothing", "nothing"]];

const RETRY_MS = 15_000;

const NEWEST = "newest";

const SCRATCH = "";

const FRESH = { learner: "unet", budget_s: 60, after: "predict", accepted: "use", from: NEWEST, settings: {} };

/** Fill `node` with the form. */
export function mount(node, props, setProps) {
  const form = new TrainForm(node, setProps);
  return { update: ({ started }) => form.follow(started), unmount: () => form.close() };
}

class TrainForm {
  constructor(node, setProps) {
    Object.assign(this, { node, setProps, learners: [], models: [], parent: null, wish: readWish(), seen: null });
    this.learner = select("train-learner", "What to train", () => this.#set({ learner: this.learner.value, from: this.wish.from === SCRATCH ? SCRATCH : NEWEST }));
    this.budget = select("train-budget", "How long", () => this.#set({ budget_s: Number(this.budget.value) }));
    this.from = select("train-from", "Start from", () => this.#set({ from: this.from.value }));
    this.after = select("train-after", "After training", () => this.#set({ after: this.after.value }));
    this.help = element("p", { class: "vx-quiet vx-train-help" });
    this.expert = new ExpertForm((patch) => this.#set(patch));
    const rows = [field("Start from", this.from), field("Then", this.after)];
    node.replaceChildren(element("div", { class: "vx-row vx-train-first" }, this.learner, this.budget), this.help, ...rows, this.expert.node);
    this.ends = [session.watch(["volume", "jobs"], (state) => this.#onState(state))];
    this.#draw();
    this.#loadLearners();
  }

  close() {
    for (const end of this.ends) end();
    this.isClosed = true;
    this.node.replaceChildren();
  }

  /** Note the job that this page has started; when it is done its model is shown, if that is wished. */
  follow(started) {
    if (!started || started.id === this.seen) return;
    this.seen = started.id;
    this.awaited = started.after === "preview" ? started.id : null;
    this.#onState(session.state);
  }

  #onState({ volume, jobs }) {
    const done = jobs?.train?.state === "succeeded" ? jobs.train : null;
    const key = `${volume} ${done?.id}`;
    if (volume && key !== this.known) this.#loadModels(volume, key);
    if (!done || done.id !== this.awaited) return;
    this.awaited = null;
    const { name, version } = done.result.model;
    modelPreview.open(`${name}:${version}`);
  }

  async #loadLearners() {
    this.learners = (await getJson("api/learners").catch(() => null)) ?? [];
    if (this.isClosed) return;
    if (this.learners.length) this.#draw();
    else this.timer = setTimeout(() => this.isClosed || this.#loadLearners(), RETRY_MS); // the service's light says that it is away
  }

  async #loadModels(volume, key) {
    this.known = key;
    const models = await getJson(volumePath(volume, "/models")).catch(() => null);
    if (this.isClosed || this.known !== key) return;
    this.models = models ?? [];
    session.set({ models: this.models });
    this.#draw();
  }

  #set(patch) {
    this.wish = { ...this.wish, ...patch };
    localStorage.setItem(KEY, JSON.stringify({ ...this.wish, from: this.wish.from === SCRATCH ? SCRATCH : NEWEST }));
    this.#draw();
  }

  #draw() {
    const { wish, learners } = this;
    const about = learners.find(({ name }) => name === wish.learner) ?? learners[0] ?? null;
    const name = about?.name ?? wish.learner;
    const settings = wish.settings[name] ?? {};
    const known = learners.length ? learners.map((each) => [each.name, each.title]) : [[name, name]];
    fill(this.learner, known, name);
    fill(this.budget, BUDGETS.some(([seconds]) => seconds === wish.budget_s) ? BUDGETS : [[wish.budget_s, `${wish.budget_s} s`], ...BUDGETS], wish.budget_s);
    fill(this.after, AFTER, wish.after);
    setText(this.help, about?.help ?? "");
    this.parent = this.#drawParents(name, settings);
    this.expert.update({ about, settings, parent: this.parent, accepted: wish.accepted, all: wish.settings });
    this.#report(name, settings);
  }

  #drawParents(learner, settings) {
    const found = parentsFor(this.models, learner, settings);
    const newest = newestOwn(this.models, learner, settings);
    const options = found.map(({ model, misfit }) => [model.model, misfit ? `${model.model} · ${misfit}` : modelText(model), Boolean(misfit)]);
    const first = newest ? [[NEWEST, `newest: ${newest.model}`]] : [];
    const chosen = found.find(({ model, misfit }) => model.model === this.wish.from && !misfit)?.model;
    const value = chosen ? chosen.model : this.wish.from === SCRATCH || !newest ? SCRATCH : NEWEST;
    fill(this.from, [...first, [SCRATCH, "scratch"], ...options], value);
    return chosen ?? (value === NEWEST ? newest : null);
  }

  #report(learner, settings) {
    const { budget_s, after, accepted } = this.wish;
    const order = { learner, budget_s, after, accepted, parent: this.parent?.model ?? null, settings, problem: this.expert.problem };
    const text = JSON.stringify(order);
    if (text === this.told) return;
    this.told = text;
    this.setProps({ order });
  }
}

function readWish() {
  try {
    return { ...FRESH, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return FRESH; // written by hand, or by another version
  }
}

function select(id, label, onchange) {
  return element("select", { id, class: "form-select", "aria-label": label, title: label, onchange });
}

function field(label, control) {
  return element("div", { class: "vx-train-row" }, element("label", { class: "vx-field-label", for: control.id }, label), control);
}

// Options are made anew only where they differ: a list that is open must not close.
function fill(node, options, value) {
  const text = JSON.stringify(options);
  if (node.dataset.options !== text) {
    node.dataset.options = text;
    node.replaceChildren(...options.map(([each, label, isOff = false]) => element("option", { value: each, disabled: isOff }, label)));
  }
  node.value = String(value);
}
