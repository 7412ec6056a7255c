// Every key and what it does: the one table that both the keyboard and the help overlay read.

import { isControl } from "./pointer.mjs";

const zoom = (factor) => ({ session }) => session.zoomBy(factor);

const step = (slices) => ({ session }) => session.stepIndex(slices);

/** [group, keys shown, what it does, test(event), action({session, annotation, help})]; without test it is shown only. */
export const SHORTCUTS = [
  ["Tools", "b", "Brush", key("b"), ({ session }) => session.setTool("brush")],
  ["Tools", "e", "Eraser", key("e"), ({ session }) => session.setTool("erase")],
  ["Tools", "v", "Pan", key("v"), ({ session }) => session.setTool("pan")],
  ["Tools", "[", "Smaller brush", key("["), ({ session }) => session.stepBrush(-1)],
  ["Tools", "]", "Larger brush (or shift wheel)", key("]"), ({ session }) => session.stepBrush(1)],
  ["Tools", "o", "Overwrite all or only unlabelled", key("o"), ({ session }) => session.toggleOverwrite()],
  ["Tools", "1 … 9", "Class by its number", (event) => isPlain(event) && /^[1-9]$/.test(event.key), pickClass],
  ["Tools", "u", "Paint “uncertain”", key("u"), ({ session }) => session.setClass(255)],
  ["Tools", "ctrl z", "Undo", (event) => isCommand(event, "z") && !event.shiftKey, ({ annotation }) => annotation.undo()],
  ["Tools", "ctrl shift z", "Redo", (event) => isCommand(event, "y") || (isCommand(event, "z") && event.shiftKey), ({ annotation }) => annotation.redo()],
  ["Moving", "wheel, ↑ ↓", "Next or previous slice", key("ArrowUp", "ArrowRight"), step(1)],
  ["Moving", "", "", key("ArrowDown", "ArrowLeft"), step(-1)],
  ["Moving", "page ↑ ↓", "Ten slices", key("PageUp"), step(10)],
  ["Moving", "", "", key("PageDown"), step(-10)],
  ["Moving", "home, end", "First or last slice", key("Home"), step(-Infinity)],
  ["Moving", "", "", key("End"), step(Infinity)],
  ["Moving", "z  y  x", "Plane across that axis", (event) => isPlain(event) && /^[zyx]$/.test(event.key), ({ session }, { key: axis }) => session.setAxis(axis)],
  ["Moving", "ctrl wheel, + −", "Zoom", key("+", "="), zoom(1.25)],
  ["Moving", "", "", key("-", "_"), zoom(0.8)],
  ["Moving", "space drag", "Pan (or the middle button)"],
  ["Moving", "f", "Fit the slice", key("f"), ({ session }) => session.fit()],
  ["Seeing", "h", "Hide or show labels", key("h"), ({ session }) => session.toggleLayer("labels")],
  ["Seeing", "p", "Prediction on or off", key("p"), ({ session }) => session.toggleLayer("prediction")],
  ["Seeing", "right drag", "Window and level: right widens, up brightens"],
  ["Seeing", "a", "Automatic window", key("a"), ({ session }) => session.autoWindow()],
  ["Seeing", "\\", "Panel on or off", key("\\"), ({ panel }) => panel.toggle()],
  ["Seeing", "t", "Dark or light", key("t"), ({ theme }) => theme.toggle()],
  ["Seeing", "?", "This list", key("?"), ({ help }) => help.toggle()],
];

/** Listen to the keyboard of the page; gives the function that ends it. */
export function listenToKeys(context) {
  const onKey = (event) => {
    if (event.defaultPrevented || isTyping(event)) return;
    const found = SHORTCUTS.find(([, , , test]) => test?.(event));
    if (!found) return;
    event.preventDefault();
    found[4](context, event);
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

// Text fields and dialogs keep all keys, sliders those that move them, buttons only space and enter (no shortcut uses these).
function isTyping({ target, key: name }) {
  if (!(target instanceof Element)) return false;
  if (target.closest("dialog, [role=dialog]")) return name !== "?";
  if (target.matches("input[type=range]:not(.vx-slice)")) return /^(Arrow|Page|Home|End)/.test(name);
  return isControl(target) && !target.closest("button, a");
}

function pickClass({ session }, { key: digit }) {
  const chosen = session.state.classes[Number(digit) - 1];
  if (chosen) session.setClass(chosen.id);
}

function key(...names) {
  return (event) => isPlain(event) && names.includes(event.key);
}

function isPlain(event) {
  if (event.getModifierState("AltGraph")) return true;
  return !event.ctrlKey && !event.metaKey && !event.altKey;
}

function isCommand(event, name) {
  return (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === name;
}
