// The ToolStrip component: the tools at the left.

import { annotation } from "./annotation.mjs";
import { element, iconButton, setIcon, setText } from "./element.mjs";
import { session } from "./session.mjs";

const TOOLS = [["brush", "Brush", "b"], ["erase", "Eraser", "e"], ["pan", "Pan", "v"]];

/** Fill `node` with the tools. */
export function mount(node) {
  const tools = TOOLS.map(([name, label, key]) => toolButton(name, label, key, () => session.setTool(name)));
  const size = sizeControl();
  const overwrite = toolButton("overwrite", "Overwrite", "o", () => session.toggleOverwrite());
  const undo = toolButton("undo", "Undo", "ctrl z", () => annotation.undo());
  const redo = toolButton("redo", "Redo", "ctrl shift z", () => annotation.redo());
  const help = toolButton("help", "Keys", "?", () => window.voxloop?.help.toggle());
  node.setAttribute("role", "toolbar");
  node.setAttribute("aria-label", "Tools");
  node.setAttribute("aria-orientation", "vertical");
  const spacer = element("div", { class: "vx-tools-space" });
  node.replaceChildren(group(...tools), group(size.node, overwrite), group(undo, redo), spacer, group(help));
  const ends = [
    session.watch(["tool"], ({ tool }) => tools.forEach((button) => press(button, button.dataset.tool === tool))),
    session.watch(["brushSize", "tool"], (state) => size.update(state)),
    session.watch(["overwrite"], (state) => updateOverwrite(overwrite, state)),
    session.watch(["history", "pendingStrokes"], (state) => updateHistory(undo, redo, state)),
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

function toolButton(name, label, key, onclick) {
  return iconButton(name, label, key, { class: "vx-icon-button vx-tool", "data-tool": name, onclick });
}

function press(button, isPressed) {
  button.setAttribute("aria-pressed", String(isPressed));
}

function sizeControl() {
  const value = element("output", { class: "vx-size-value", "aria-label": "Brush size in voxels" });
  const larger = iconButton("plus", "Larger brush", "]", { class: "vx-icon-button vx-size-step", onclick: () => session.stepBrush(1) });
  const smaller = iconButton("minus", "Smaller brush", "[", { class: "vx-icon-button vx-size-step", onclick: () => session.stepBrush(-1) });
  const node = element("div", { class: "vx-size", role: "group", "aria-label": "Brush size" }, larger, value, smaller);
  return { node, update: ({ brushSize }) => setText(value, String(brushSize)) };
}

function updateOverwrite(button, { overwrite }) {
  const isAll = overwrite === "all";
  setIcon(button.querySelector(".vx-icon"), isAll ? "overwrite" : "unlabelled");
  relabel(button, isAll ? "Paint over everything  (o)" : "Paint only where nothing is labelled  (o)");
  press(button, !isAll);
}

function updateHistory(undo, redo, { history, pendingStrokes }) {
  undo.disabled = !history.canUndo && !pendingStrokes;
  redo.disabled = !history.canRedo;
  relabel(undo, `Undo${history.undoName ? ` ${history.undoName}` : ""}  (ctrl z)`);
  relabel(redo, `Redo${history.redoName ? ` ${history.redoName}` : ""}  (ctrl shift z)`);
}

function relabel(button, text) {
  button.dataset.tip = text;
  button.setAttribute("aria-label", text);
}

