// The ToolStrip component: the tools at the left.

import { annotation } from "./annotation.mjs";
import { element, iconButton, setIcon } from "./element.mjs";
import { FillMenu } from "./fillmenu.mjs";
import { isLooking, mayChange, whyNot } from "./rights.mjs";
import { session } from "./session.mjs";
import { cycleOverwrite, overwriteText } from "./tooling.mjs";
import { TOOLS } from "./tools.mjs";

const OVERWRITE_ICONS = { all: "overwrite", unlabelled: "unlabelled", class: "replace" };

/** Fill `node` with the tools. */
export function mount(node) {
  const tools = TOOLS.map(({ name, label, key, icon }) => toolButton(name, label, key, () => session.setTool(name), icon));
  const fills = new FillMenu();
  const overwrite = toolButton("overwrite", "Overwrite", "o", () => cycleOverwrite(session));
  const undo = toolButton("undo", "Undo", "ctrl z", () => annotation.undo());
  const redo = toolButton("redo", "Redo", "ctrl shift z", () => annotation.redo());
  const help = toolButton("help", "Keys", "?", () => window.voxloop?.help.toggle());
  node.setAttribute("role", "toolbar");
  node.setAttribute("aria-label", "Tools");
  node.setAttribute("aria-orientation", "vertical");
  const spacer = element("div", { class: "vx-tools-space" });
  node.replaceChildren(group(...tools), group(fills.button, overwrite), group(undo, redo), spacer, group(help), fills.node);
  const ends = [
    session.watch(["tool"], ({ tool }) => tools.forEach((button) => press(button, button.dataset.tool === tool))),
    session.watch(["overwrite", "replaces", "classes"], (state) => updateOverwrite(overwrite, state)),
    session.watch(["history", "pendingStrokes"], (state) => updateHistory(undo, redo, state)),
    session.watch(["me", "history", "pendingStrokes"], (state) => updateRights([...tools, fills.button, overwrite, undo, redo], state)),
    fills.end,
  ];
  return { update() {}, unmount: () => close(node, ends) };
}

function close(node, ends) {
  for (const end of ends) end();
  node.replaceChildren();
}

function group(...children) {
  return element("div", { class: "vx-tools-group" }, ...children);
}

function toolButton(name, label, key, onclick, icon = name) {
  return iconButton(icon, label, key, { class: "vx-icon-button vx-tool", "data-tool": name, onclick });
}

function press(button, isPressed) {
  button.setAttribute("aria-pressed", String(isPressed));
}

function updateOverwrite(button, state) {
  setIcon(button.querySelector(".vx-icon"), OVERWRITE_ICONS[state.overwrite]);
  relabel(button, `Paint ${overwriteText(state)}  (o)`);
  press(button, state.overwrite !== "all");
}

function updateHistory(undo, redo, { history, pendingStrokes }) {
  undo.disabled = !history.canUndo && !pendingStrokes;
  redo.disabled = !history.canRedo;
  relabel(undo, `Undo${history.undoName ? ` ${history.undoName}` : ""}  (ctrl z)`);
  relabel(redo, `Redo${history.redoName ? ` ${history.redoName}` : ""}  (ctrl shift z)`);
}

// Buttons that cannot be pressed say why.
function updateRights(buttons, state) {
  if (mayChange(state)) return;
  for (const button of buttons.filter(({ dataset }) => !isLooking(dataset.tool))) {
    button.disabled = true;
    relabel(button, whyNot(state));
  }
}

function relabel(button, text) {
  button.dataset.tip = text;
  button.setAttribute("aria-label", text);
}
