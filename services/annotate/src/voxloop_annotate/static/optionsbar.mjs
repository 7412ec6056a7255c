// The bar above the image: the options of the chosen tool, how it is used, and how far a fill has come.

import { element, iconButton, setText } from "./element.mjs";
import { choice, confidenceSlider, number, overwriteChoice, sizeControl, toggle, toleranceSlider, windowButton } from "./optioncontrols.mjs";
import { flagView } from "./flaglist.mjs";
import { toleranceStep } from "./options.mjs";
import { toolOf } from "./tools.mjs";

const KEYS = ["tool", "brushSize", "options", "overwrite", "replaces", "classes", "info", "filling", "progress", "draft"];

const GROUPS = [
  ["Accept", "accept"],
  ["Size", "size", "unit", "hasPressure"],
  ["Region", "regionSize"],
  ["Tolerance ±", "flood"],
  ["Depth", "reach", "dims", "slices"],
  ["Confidence from", "confidence"],
  ["", "acceptOver", "flag"],
  ["", "isErasing", "overwrite"],
  ["", "threshold", "range", "relative"],
];

export class OptionsBar {
  constructor(node, session) {
    this.controls = makeControls(session);
    this.hint = element("span", { class: "vx-options-hint" });
    this.busy = element("span", { class: "vx-options-busy", role: "status", hidden: true }, element("progress", { max: 1, "aria-label": "Fill" }), element("span"));
    this.groups = GROUPS.map(([label, ...names]) => this.#group(label, names));
    this.node = element("div", { class: "vx-options", role: "toolbar", "aria-label": "Options of the tool" }, ...this.groups.map(({ group }) => group), this.hint, this.busy);
    node.prepend(this.node);
    this.end = session.watch(KEYS, (state) => this.#update(state));
  }

  #group(label, names) {
    const caption = label ? element("span", { class: "vx-options-label" }, label) : null;
    return { names, group: element("div", { class: "vx-options-group", role: "group", "aria-label": label || "Paints" }, caption, ...names.map((name) => this.controls[name].node)) };
  }

  #update(state) {
    const tool = toolOf(state.tool);
    for (const [name, control] of Object.entries(this.controls)) {
      control.node.hidden = !isOffered(name, tool, state);
      control.node.toggleAttribute("data-idle", !isInUse(name, state));
      control.update(state);
    }
    for (const { names, group } of this.groups) group.hidden = !names.some((name) => isOffered(name, tool, state));
    this.#updateReach(state);
    setText(this.hint, tool.hint);
    this.#updateBusy(state);
  }

  // Only brushes are round in depth; for areas a sphere means this slice.
  #updateReach({ tool, options }) {
    const select = this.controls.reach.node;
    const isBrush = tool === "brush" || tool === "erase";
    select.querySelector("[value=sphere]").hidden = !isBrush;
    if (!isBrush && options.reach === "sphere") select.value = "slice";
  }

  #updateBusy({ filling, progress }) {
    this.busy.hidden = !filling;
    this.hint.hidden = Boolean(filling);
    if (!filling) return;
    const [bar, text] = this.busy.children;
    if (progress?.total) bar.value = progress.done / progress.total;
    else bar.removeAttribute("value");
    setText(text, progress?.total ? `${filling.label} ${Math.round((100 * progress.done) / progress.total)} %` : `${filling.label}…`);
  }
}

function makeControls(session) {
  const step = ({ info }) => (info ? toleranceStep(info.intensity, /int/.test(info.dtype)) : 1);
  const wide = (name, label) => number(session, name, label, 6, { step });
  return {
    accept: choice(session, "accept", "What of the prediction becomes labels (m)"),
    confidence: row("vx-options-confidence", confidenceSlider(session), number(session, "confidence", "Least confidence of what is accepted (< and >)", 4, { step: () => 0.05 })),
    acceptOver: choice(session, "acceptOver", "Which labels the prediction may replace"),
    flag: { node: iconButton("flag", "Look again: flag what is seen", "shift l", { class: "vx-icon-button vx-option-toggle vx-tip-down", "data-option": "flag", onclick: () => flagView(window.voxloop.layout.main) }), update() {} },
    size: sizeControl(session),
    unit: choice(session, "unit", "Size in voxels of the image or pixels of the screen"),
    hasPressure: toggle(session, "hasPressure", "A pen's pressure sets the size", "pressure"),
    regionSize: number(session, "regionSize", "Width of a region, in voxels", 3),
    flood: row("vx-options-flood", toleranceSlider(session), wide("tolerance", "Tolerance, in image values (< and >)")),
    reach: choice(session, "reach", "How far a stroke reaches into other slices (m)"),
    dims: choice(session, "dims", "Fill on this slice or on ± slices of what is visible (m)"),
    slices: number(session, "slices", "Slices before and after this one ({ and })", 2),
    threshold: choice(session, "threshold", "Which intensities are painted (shift b)"),
    range: row("vx-options-range", wide("low", "Lowest intensity that is painted"), text("–"), wide("high", "Highest intensity that is painted"), windowButton(session)),
    relative: row("vx-options-relative", wide("tolerance", "How far from the intensity at the start (< and >)")),
    isErasing: toggle(session, "isErasing", "Erase instead of paint", "erase"),
    overwrite: overwriteChoice(session),
  };
}

const OFFERS = { range: "threshold", relative: "threshold", flood: "tolerance" };

// Accepting comes in several ways that have little in common: what another way needs is not there at all.
const ACCEPTS = { size: ["brush"], unit: ["brush"], hasPressure: ["brush"], dims: ["component", "class"], slices: ["component", "class"] };

function isOffered(name, tool, { options }) {
  if (tool.name === "accept" && name in ACCEPTS && !ACCEPTS[name].includes(options.accept)) return false;
  if (name === "flood") return tool.name === "flood";
  return tool.options.includes(OFFERS[name] ?? name);
}

// What does nothing at the moment keeps its place, so that nothing moves when it does.
function isInUse(name, { tool, options }) {
  if (name === "slices") return tool === "flood" || tool === "accept" ? options.dims === "3" : options.reach === "slab";
  if (name === "range") return options.threshold === "range";
  if (name === "relative") return options.threshold === "relative";
  return true;
}

function row(name, ...controls) {
  const node = element("span", { class: `vx-options-row ${name}` }, ...controls.map((control) => control.node));
  return { node, update: (state) => controls.forEach((control) => control.update(state)) };
}

const text = (content) => ({ node: element("span", { class: "vx-options-label" }, content), update() {} });
