// The StatusLine component: saved or not, what is under the pointer, the tool, the prediction.

import { element, icon, setIcon, setText } from "./element.mjs";
import { shortValue } from "./number.mjs";
import { nameOf } from "./palette.mjs";
import { session } from "./session.mjs";
import { toolText } from "./tooling.mjs";
import { classOf, shownAbout } from "./translation.mjs";

const SLOTS = ["save", "position", "value", "label", "predicted", "message", "tool", "prediction"];

const MESSAGE_MS = 4000;

/** Fill `node` with the slots of the status line. */
export function mount(node) {
  const slots = Object.fromEntries(SLOTS.map((name) => [name, element("span", { class: "vx-slot", "data-slot": name })]));
  const save = { icon: icon("check"), text: element("span") };
  slots.save.append(save.icon, save.text);
  slots.save.setAttribute("role", "status");
  node.replaceChildren(...Object.values(slots));
  const ends = [
    session.watch(["saveState", "pendingStrokes", "saveProblem", "areStrokesKept", "volume"], (state) => updateSave(slots.save, save, state)),
    session.watch(["pointer", "classes", "info", "prediction", "predictions", "preview"], (state) => updatePointer(slots, state)),
    session.watch(["tool", "brushSize", "overwrite", "replaces", "options", "classId", "classes"], (state) => setText(slots.tool, toolText(state))),
    session.watch(["prediction", "predictions", "preview", "layers"], (state) => setText(slots.prediction, predictionText(state))),
    watchMessages(slots.message),
  ];
  return { update() {}, unmount: () => close(node, ends) };
}

function close(node, ends) {
  for (const end of ends) end();
  node.replaceChildren();
}

function updateSave(slot, { icon: drawing, text }, { saveState, pendingStrokes, saveProblem, areStrokesKept, volume }) {
  slot.dataset.state = saveState;
  slot.toggleAttribute("data-off", !volume);
  setIcon(drawing, { saved: "check", saving: "busy", offline: "offline" }[saveState]);
  setText(text, saveText(saveState, pendingStrokes));
  slot.title = saveState === "offline" ? `${saveProblem}; tried again until it works. ${areStrokesKept ? "A reload does not lose them." : "Keep this page open."}` : "Strokes are saved as they are drawn";
}

/** Say in words whether strokes are saved. */
export function saveText(saveState, pendingStrokes) {
  if (saveState === "saved") return "saved";
  if (saveState === "saving") return "saving…";
  return `offline, ${pendingStrokes} ${pendingStrokes === 1 ? "stroke" : "strokes"} waiting`;
}

function updatePointer(slots, state) {
  const { pointer, classes } = state;
  setText(slots.position, pointer ? `(${pointer.voxel.join(", ")})` : "");
  setText(slots.value, pointer ? `${pointer.isCoarse ? "≈ " : ""}${shortValue(pointer.value)}` : "");
  setText(slots.label, pointer?.label ? nameOf(pointer.label, classes) : "");
  setText(slots.predicted, pointer?.prediction ? predictedText(pointer, state) : "");
}

function predictedText({ prediction, confidence }, state) {
  const share = confidence === null ? "" : ` ${(confidence / 255).toFixed(2)}`;
  return `predicted ${classOf(prediction, shownAbout(state), state.classes).name}${share}`;
}

function predictionText({ prediction, predictions, preview, layers }) {
  if (preview) return preview.note;
  if (!prediction) return "no prediction";
  const shown = predictions.find(({ id }) => id === prediction);
  const name = shown ? `${shown.model.name} v${shown.model.version}` : "prediction";
  const dice = shown?.mean_dice ? ` ${shown.mean_dice.toFixed(2)}` : "";
  const { isVisible, opacity } = layers.prediction;
  return `${name}${dice} · ${isVisible ? `${Math.round(opacity * 100)} %` : "hidden"}`;
}

function watchMessages(slot) {
  let timer;
  slot.setAttribute("role", "status");
  const end = session.watch(["message"], ({ message }) => {
    clearTimeout(timer);
    setText(slot, message && Date.now() - message.time < MESSAGE_MS ? message.text : "");
    timer = setTimeout(() => setText(slot, ""), MESSAGE_MS);
  });
  return () => (clearTimeout(timer), end());
}
