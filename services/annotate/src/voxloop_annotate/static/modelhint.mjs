// The ModelHint component: of the model that is chosen to predict with, whether it suits the volume, a preview, and classes to add.

import { element, setText } from "./element.mjs";
import { modelPreview } from "./modelpreview.mjs";
import { nextColor } from "./palette.mjs";
import { ratioText } from "./parents.mjs";
import { ProblemLine } from "./problemline.mjs";
import { session } from "./session.mjs";
import { foreignClasses } from "./translation.mjs";
import { saveClasses } from "./volume.mjs";

/** Fill `node`; `model` in the props is "name:version". */
export function mount(node, { model = null }) {
  const hint = new ModelHint(node);
  hint.open(model);
  return { update: (props) => hint.open(props.model ?? null), unmount: () => hint.close() };
}

class ModelHint {
  constructor(node) {
    this.node = node;
    this.model = null;
    this.text = element("div", { class: "vx-quiet", "data-hint": "text" });
    this.missing = element("div", { class: "vx-hint-missing" });
    this.add = element("button", { type: "button", class: "vx-secondary", "data-action": "add-classes", title: "Without them nothing of these classes can be accepted", onclick: () => this.#add() }, "Add them");
    this.problem = new ProblemLine("vx-class-problem", (error) => `Not added: ${error.message}`);
    this.preview = element("button", { type: "button", class: "vx-secondary vx-wide", "data-action": "preview-model", onclick: () => this.#togglePreview() });
    this.lack = element("div", { class: "vx-hint-lack" }, this.missing, this.add);
    node.replaceChildren(this.text, this.lack, this.problem.node, this.preview);
    this.end = session.watch(["models", "classes", "counts", "info", "previewedModel", "prediction"], () => this.#draw());
  }

  close() {
    this.end();
    modelPreview.close();
    this.node.replaceChildren();
  }

  open(model) {
    if (model === this.model) return;
    this.model = model;
    const { previewedModel } = session.state;
    if (previewedModel && previewedModel !== model) modelPreview.close(); // the one that a training has just made is chosen after it is shown
    this.#draw();
  }

  get #about() {
    return session.state.models.find(({ model }) => model === this.model) ?? null;
  }

  #draw() {
    const { classes, counts, info, previewedModel, prediction } = session.state;
    const about = this.#about;
    const isFresh = Boolean(info) && !Object.values(counts).some(Boolean) && !prediction;
    this.node.hidden = !about || !info;
    if (!about) return;
    setText(this.text, hintText(about, isFresh));
    this.text.hidden = !this.text.textContent;
    const missing = foreignClasses(about, classes);
    this.lack.hidden = !missing.length;
    this.missing.replaceChildren("Not among the classes: ", ...missing.map(chip));
    const isOn = previewedModel === this.model;
    setText(this.preview, isOn ? "End the preview" : "Preview");
    this.preview.title = isOn ? "Show the prediction again" : "Show at once what the model says of what is on the screen";
    this.preview.setAttribute("aria-pressed", String(isOn));
  }

  #togglePreview() {
    if (session.state.previewedModel === this.model) modelPreview.close();
    else modelPreview.open(this.model);
  }

  // One after the other: the server gives each its number.
  #add() {
    return this.problem.attempt(async () => {
      for (const { name, color } of foreignClasses(this.#about, session.state.classes)) {
        const { classes, nextClassId: id } = session.state;
        const isTaken = classes.some((each) => each.color.toLowerCase() === color.toLowerCase());
        await saveClasses(session, [...classes, { id, name, color: isTaken ? nextColor(classes) : color }]);
      }
    });
  }
}

/** Say what somebody should know before using a model here; nothing, where it learnt from this volume. */
export function hintText({ model, is_ours: isOurs, volume, voxel_ratio: ratio }, isFresh) {
  if (isOurs) return "";
  const first = isFresh ? `Nothing is labelled yet: ${model} can make the first proposal, for you to correct. ` : "";
  const voxels = ratioText(ratio).replace(" · voxels ", ", where voxels are ");
  return `${first}It learnt from ${volume}${voxels}.`;
}

function chip({ name, color }) {
  const swatch = element("span", { class: "vx-chip-swatch" });
  swatch.style.background = color;
  return element("span", { class: "vx-hint-class" }, swatch, name);
}
