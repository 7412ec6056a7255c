// The LayerPanel component: image with its window, labels, prediction, confidence, uncertainty, difference, each with an eye and an opacity.

import { viridisGradient } from "./colormap.mjs";
import { element, iconButton, setIcon, setText } from "./element.mjs";
import { fillTrack } from "./range.mjs";
import { session } from "./session.mjs";
import { windowControl } from "./windowcontrol.mjs";

const MAPS = {
  confidence: "Confidence of the prediction: 0 … 1",
  uncertainty: "How far planes, members of an ensemble and models disagree: 0 … 1",
};

/** Fill `node` with the layers. */
export function mount(node) {
  const image = layerRow("image", "Image", "i", autoButton());
  const window = windowControl(session);
  const overlays = [
    overlay("labels", "Labels", "h", contourButton("labels", "Labels", "shift h")),
    overlay("prediction", "Prediction", "p", contourButton("prediction", "Prediction", "shift p")),
    overlay("confidence", "Confidence", "c"),
    overlay("uncertainty", "Uncertainty", "shift c"),
    overlay("difference", "Difference", "d"),
  ];
  const sections = overlays.map(({ nodes }) => element("div", { class: "vx-layer-group" }, ...nodes));
  node.replaceChildren(element("div", { class: "vx-layer-group" }, image.node, window.node), ...sections);
  const end = session.watch(["layers", "info", "histogram", "prediction", "predictions", "preview"], (state) => {
    image.update(state.layers.image);
    window.update(state);
    for (const each of overlays) each.update(state);
  });
  return { update() {}, unmount: () => (end(), node.replaceChildren()) };
}

function layerRow(name, label, key, ...extras) {
  const eye = iconButton("eye", `${label} on or off`, key, { class: "vx-icon-button vx-row-button vx-tip-left", "data-layer": name, onclick: () => session.toggleLayer(name) });
  const node = element("div", { class: "vx-layer" }, element("span", { class: "vx-layer-name" }, label, sample(name)), ...extras, eye);
  return { node, update: ({ isVisible }) => updateEye(node, eye, isVisible) };
}

// What the layer looks like, where its colours are not those of the classes.
function sample(name) {
  if (name === "difference") return element("span", { class: "vx-stripes", title: "Labelled otherwise than predicted" });
  if (!(name in MAPS)) return null;
  const bar = element("span", { class: "vx-map-bar" });
  bar.style.background = viridisGradient();
  return element("span", { class: "vx-map", title: MAPS[name] }, "0", bar, "1");
}

function updateEye(node, eye, isVisible) {
  node.toggleAttribute("data-hidden", !isVisible);
  eye.setAttribute("aria-pressed", String(isVisible));
  setIcon(eye.querySelector(".vx-icon"), isVisible ? "eye" : "eye-off");
}

function autoButton() {
  return element("button", { type: "button", class: "vx-text-button", title: "Window between the 0.1 and 99.9 percentiles  (a)", onclick: () => session.autoWindow() }, "Auto");
}

function contourButton(name, label, key) {
  return iconButton("filled", `${label}: contours or filled`, key, { class: "vx-icon-button vx-row-button vx-tip-left", "data-contour": name, onclick: () => session.toggleLayer(name, "isContour") });
}

// Only where several voices were fused is there something to be uncertain about.
const isPredicted = (name, about) => name !== "uncertainty" || Boolean(about?.layers.includes(name));

function overlay(name, label, key, contour = null) {
  const value = element("span", { class: "vx-layer-value" });
  const row = layerRow(name, label, key, value, contour);
  const slider = element("input", { type: "range", class: "vx-range", min: 0, max: 100, step: 1, "aria-label": `${label} opacity`, "data-opacity": name });
  slider.addEventListener("input", () => session.setLayer(name, { opacity: slider.valueAsNumber / 100, isVisible: true }));
  const update = ({ layers: { [name]: layer }, prediction, predictions, preview }) => {
    const isThere = name === "labels" || (preview !== null && name !== "uncertainty") || (prediction !== null && isPredicted(name, predictions.find(({ id }) => id === prediction)));
    row.update(layer);
    slider.value = Math.round(layer.opacity * 100);
    slider.disabled = !isThere;
    fillTrack(slider);
    setText(value, isThere ? `${Math.round(layer.opacity * 100)} %` : "none yet");
    contour?.setAttribute("aria-pressed", String(layer.isContour));
    if (contour) setIcon(contour.querySelector(".vx-icon"), layer.isContour ? "contour" : "filled");
  };
  return { nodes: [row.node, slider], update };
}
