// How values become greys: the window on its histogram and in numbers, gamma, inverted or not, smooth or not.

import { element, setText } from "./element.mjs";
import { Histogram } from "./histogram.mjs";
import { shortValue } from "./number.mjs";
import { fillTrack } from "./range.mjs";

// The gamma slider is logarithmic: its middle is 1.
const GAMMA_OCTAVES = 2;

/** Give {node, update(state)} for the image layer of `session`. */
export function windowControl(session) {
  const histogram = new Histogram((end, value) => setEnd(session, end, value));
  const [low, high] = [windowEnd(session, "min", "Black at"), windowEnd(session, "max", "White at")];
  const gamma = gammaControl(session);
  const invert = toggle(session, "isInverted", "Invert", "Invert the image  (shift i)");
  const smooth = toggle(session, "isSmooth", "Smooth", "Interpolate between voxels  (shift s)");
  const ends = element("div", { class: "vx-window-ends" }, low.node, high.node);
  const toggles = element("div", { class: "vx-toggles", role: "group", "aria-label": "Image" }, invert, smooth);
  const node = element("div", { class: "vx-window" }, histogram.node, ends, gamma.node, toggles);
  const update = (state) => {
    histogram.update(state);
    for (const part of [low, high, gamma]) part.update(state);
    for (const button of [invert, smooth]) button.setAttribute("aria-pressed", String(state.layers.image[button.dataset.field]));
  };
  return { node, update };
}

function windowEnd(session, end, label) {
  const onchange = ({ target }) => (setEnd(session, end, Number.parseFloat(target.value)), (target.value = valueText(session.state, end)));
  const number = element("input", { type: "text", inputmode: "decimal", class: "vx-number", "aria-label": `Window: ${label.toLowerCase()}`, "data-window-number": end, onchange });
  const node = element("label", { class: "vx-window-end" }, element("span", {}, label), number);
  const update = (state) => {
    number.disabled = !state.info;
    if (document.activeElement !== number) number.value = state.info ? valueText(state, end) : "";
  };
  return { node, update };
}

function valueText({ info, layers: { image } }, end) {
  return shortValue(info?.dtype === "float32" ? image[end] : Math.round(image[end]));
}

/** Move one end of the window; the other gives way, so that it never is empty. */
export function setEnd(session, end, value) {
  const { layers, info } = session.state;
  if (!info || !Number.isFinite(value)) return;
  const { min, max } = layers.image;
  const gap = (info.intensity.max - info.intensity.min || 1) / 500;
  const window = end === "min" ? { min: value, max: Math.max(max, value + gap) } : { min: Math.min(min, value - gap), max: value };
  session.setLayer("image", { ...window, isSet: true });
}

function gammaControl(session) {
  const value = element("span", { class: "vx-layer-value" });
  const slider = element("input", { type: "range", class: "vx-range", min: -GAMMA_OCTAVES, max: GAMMA_OCTAVES, step: 0.05, "aria-label": "Gamma", "data-gamma": true, title: "Double-click: 1" });
  slider.addEventListener("input", () => session.setLayer("image", { gamma: Number((2 ** slider.valueAsNumber).toFixed(2)) }));
  slider.addEventListener("dblclick", () => session.setLayer("image", { gamma: 1 }));
  const node = element("label", { class: "vx-gamma" }, element("span", {}, "Gamma"), slider, value);
  const update = ({ layers: { image } }) => {
    slider.value = Math.log2(image.gamma);
    fillTrack(slider);
    setText(value, image.gamma.toFixed(2));
  };
  return { node, update };
}

function toggle(session, field, label, hint) {
  return element("button", { type: "button", class: "vx-toggle-text", "data-field": field, title: hint, onclick: () => session.toggleLayer("image", field) }, label);
}
