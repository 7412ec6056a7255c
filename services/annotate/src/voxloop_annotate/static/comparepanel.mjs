// The ComparePanel component: with what the prediction that is shown is compared, and how.

import { compareWith, setMode } from "./compare.mjs";
import { element } from "./element.mjs";
import { predictionName } from "./predictionname.mjs";
import { session } from "./session.mjs";

const MODES = [["swipe", "Swipe", "Side by side: drag the border"], ["flicker", "Flicker", "In the same place: hold 0 for the other one"]];

/** Fill `node`; it is empty while nothing is predicted. */
export function mount(node) {
  const choice = element("select", { id: "compare-with", class: "form-select", onchange: () => compareWith(session, choice.value || null) });
  const buttons = MODES.map(([mode, text, title]) => element("button", { type: "button", "data-mode": mode, title, onclick: () => setMode(session, mode) }, text));
  const modes = element("div", { class: "vx-compare-modes", role: "group", "aria-label": "How to compare" }, ...buttons);
  node.replaceChildren(element("label", { class: "vx-field-label", for: "compare-with" }, "Compare with"), choice, modes);
  const end = session.watch(["prediction", "predictions", "preview", "compare"], (state) => update(node, choice, modes, buttons, state));
  return { update() {}, unmount: () => (end(), compareWith(session, null), node.replaceChildren()) };
}

function update(node, choice, modes, buttons, { prediction, predictions, preview, compare }) {
  const others = predictions.filter(({ id, partial }) => (id !== prediction || preview) && !partial);
  node.hidden = !prediction && !preview;
  if (compare && (node.hidden || (compare.other !== "labels" && !others.some(({ id }) => id === compare.other)))) return compareWith(session, null);
  const options = [["", "nothing"], ["labels", "the labels"], ...others.map((each) => [each.id, predictionName(each)])];
  if (choice.dataset.options !== JSON.stringify(options)) {
    choice.dataset.options = JSON.stringify(options);
    choice.replaceChildren(...options.map(([value, text]) => element("option", { value }, text)));
  }
  choice.value = compare?.other ?? "";
  modes.hidden = !compare;
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.mode === compare?.mode));
  return undefined;
}
