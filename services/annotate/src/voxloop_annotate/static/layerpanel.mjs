// The LayerPanel component: image window, labels and prediction, each with an eye and sliders.

import { element, iconButton, setIcon, setText } from "./element.mjs";
import { shortValue } from "./number.mjs";
import { session } from "./session.mjs";

/** Fill `node` with the layers. */
export function mount(node) {
  const image = layerRow("image", "Image", "", autoButton());
  const window = windowControl();
  const labels = opacityLayer("labels", "Labels", "h");
  const prediction = opacityLayer("prediction", "Prediction", "p");
  node.replaceChildren(image.node, window.node, ...labels.nodes, ...prediction.nodes);
  const end = session.watch(["layers", "info", "prediction", "predictions"], (state) => {
    image.update(state.layers.image);
    window.update(state);
    labels.update(state.layers.labels);
    prediction.update(state.layers.prediction, state.prediction);
  });
  return { update() {}, unmount: () => (end(), node.replaceChildren()) };
}

function layerRow(name, label, key, ...extras) {
  const eye = iconButton("eye", `${label} on or off`, key, { class: "vx-icon-button vx-row-button vx-tip-left", "data-layer": name, onclick: () => session.toggleLayer(name) });
  const node = element("div", { class: "vx-layer" }, element("span", { class: "vx-layer-name" }, label), ...extras, eye);
  return { node, eye, update: ({ isVisible }) => updateEye(node, eye, isVisible) };
}

function updateEye(node, eye, isVisible) {
  node.toggleAttribute("data-hidden", !isVisible);
  eye.setAttribute("aria-pressed", String(isVisible));
  setIcon(eye.querySelector(".vx-icon"), isVisible ? "eye" : "eye-off");
}

function autoButton() {
  return element("button", { type: "button", class: "vx-text-button", title: "Window between the 0.1 and 99.9 percentiles (a)", onclick: () => session.autoWindow() }, "Auto");
}

function opacityLayer(name, label, key) {
  const value = element("span", { class: "vx-layer-value" });
  const row = layerRow(name, label, key, value);
  const slider = element("input", { type: "range", class: "vx-range", min: 0, max: 100, step: 1, "aria-label": `${label} opacity`, "data-opacity": name });
  slider.addEventListener("input", () => session.setLayer(name, { opacity: slider.valueAsNumber / 100, isVisible: true }));
  const update = (layer, isThere = true) => {
    row.update(layer);
    slider.value = Math.round(layer.opacity * 100);
    slider.disabled = isThere === null;
    fillTrack(slider);
    setText(value, isThere === null ? "none yet" : `${Math.round(layer.opacity * 100)} %`);
  };
  return { nodes: [row.node, slider], update };
}

function windowControl() {
  const [low, high] = ["min", "max"].map(windowEnd);
  const node = element("div", { class: "vx-window" }, low.node, high.node);
  const update = ({ info, layers: { image } }) => {
    for (const end of [low, high]) end.update(info, image);
  };
  return { node, update };
}

function windowEnd(end) {
  const name = end === "min" ? "Black at" : "White at";
  const slider = element("input", { type: "range", class: "vx-range", "aria-label": `Window: ${name.toLowerCase()}`, "data-window": end });
  const number = element("input", { type: "text", inputmode: "decimal", class: "vx-number", "aria-label": `Window: ${name.toLowerCase()}` });
  slider.addEventListener("input", () => setEnd(end, slider.valueAsNumber));
  number.addEventListener("change", () => setEnd(end, Number.parseFloat(number.value)));
  const node = element("label", { class: "vx-window-end" }, element("span", {}, name), slider, number);
  return { node, update: (info, image) => updateEnd(slider, number, info, image[end]) };
}

function updateEnd(slider, number, info, value) {
  slider.disabled = number.disabled = !info;
  if (!info) return;
  const { min, max } = info.intensity;
  slider.min = min;
  slider.max = max;
  slider.step = info.dtype === "float32" ? (max - min) / 500 || "any" : 1;
  slider.value = value;
  fillTrack(slider);
  if (document.activeElement !== number) number.value = shortValue(info.dtype === "float32" ? value : Math.round(value));
}

function setEnd(end, value) {
  const { layers, info } = session.state;
  if (!info || !Number.isFinite(value)) return session.setLayer("image", {});
  const { min, max } = layers.image;
  const gap = (info.intensity.max - info.intensity.min || 1) / 500;
  const window = end === "min" ? { min: value, max: Math.max(max, value + gap) } : { min: Math.min(min, value - gap), max: value };
  session.setLayer("image", { ...window, isSet: true });
}

// The part of the track left of the thumb, for the style sheet.
function fillTrack(slider) {
  const share = (slider.value - slider.min) / (slider.max - slider.min || 1);
  slider.style.setProperty("--vx-share", `${Math.round(share * 1000) / 10}%`);
}
