// Every key and what it does: the one table that both the keyboard and the help overlay read.

import { flicker } from "./compare.mjs";
import { SLICE_FILLS, fillSlice } from "./fills.mjs";
import { flagView } from "./flaglist.mjs";
import { live } from "./live.mjs";
import { liveLearner } from "./livecontrol.mjs";
import { isControl } from "./pointer.mjs";
import { acceptPlace, closePlace, currentPlace, showNext } from "./review.mjs";
import { cycleOption, cycleOverwrite, pickLabel, stepSlices, stepTolerance } from "./tooling.mjs";
import { TOOLS } from "./tools.mjs";

const zoom = (factor) => ({ session }) => session.zoomBy(factor);

// Keys act on the plane under the pointer, as the wheel does.
const planeOf = ({ state }) => state.activeAxis ?? state.axis;

const step = (slices) => ({ session }) => session.stepIndex(slices, planeOf(session));

const toMark = (direction) => ({ session }) => session.stepMark(direction, planeOf(session));

const toggle = (layer, field) => ({ session }) => session.toggleLayer(layer, field);

/** [group, keys shown, what it does, test(event, context), action(context, event)], context = {session, annotation, help, …}; without test it is shown only. */
export const SHORTCUTS = [
  ...TOOLS.map(toolShortcut),
  ["Painting", "1 … 9", "Class by its number", (event) => isPlain(event) && /^[1-9]$/.test(event.key), pickClass],
  ["Painting", "u", "Paint “uncertain”", key("u"), ({ session }) => session.setClass(255)],
  ["Painting", "alt click", "Pick the class under the pointer"],
  ["Painting", "[  ], shift wheel", "Smaller or larger brush", key("["), ({ session }) => session.stepBrush(-1)],
  ["Painting", "", "", key("]"), ({ session }) => session.stepBrush(1)],
  ["Painting", "m", "This slice, ± slices, sphere", key("m"), cycleDepth],
  ["Painting", "{  }", "Fewer or more slices", key("{"), ({ session }) => stepSlices(session, -1)],
  ["Painting", "", "", key("}"), ({ session }) => stepSlices(session, 1)],
  ["Painting", "shift b", "Any intensity, a range, like the start", key("B"), ({ session }) => cycleOption(session, "threshold")],
  ["Painting", "<  >", "Smaller or larger tolerance or confidence", key("<"), ({ session }) => stepTolerance(session, -1)],
  ["Painting", "", "", key(">"), ({ session }) => stepTolerance(session, 1)],
  ["Painting", "o", "Over all, unlabelled, one class", key("o"), ({ session }) => cycleOverwrite(session)],
  ["Painting", "enter, ⌫, esc", "Polygon: close it, a point back, drop it", inDraft("Enter"), ({ session }) => session.state.draft.close()],
  ["Painting", "", "", inDraft("Backspace"), ({ session }) => session.state.draft.removeLast()],
  ["Painting", "", "", inDraft("Escape"), ({ session }) => session.state.draft.drop()],
  ["Painting", "ctrl z, ctrl shift z", "Undo, redo", (event) => isCommand(event, "z") && !event.shiftKey, ({ annotation }) => annotation.undo()],
  ["Painting", "", "", (event) => isCommand(event, "y") || (isCommand(event, "z") && event.shiftKey), ({ annotation }) => annotation.redo()],
  ["Filling a slice", "j", "Menu of fills", key("j"), () => document.querySelector("[data-tool=fills]")?.click()],
  ...SLICE_FILLS.map(fillShortcut),
  ["Correcting", "m", "Accept by brush, component, class …"],
  ["Correcting", "shift v", "Live mode on or off", key("V"), () => live.toggle(liveLearner())],
  ["Correcting", "shift l", "Flag what is seen, to look again", key("L"), flagPlane],
  ["Reviewing", "shift n", "Next place that is open", key("N"), showNext],
  ["Reviewing", "enter", "Accept what is predicted at the place", atPlace(false), acceptPlace],
  ["Reviewing", "shift enter", "The place is corrected: go on", atPlace(true), (context) => closePlace(context, "corrected")],
  ["Reviewing", "shift x", "Skip the place", key("X"), (context) => closePlace(context, "skipped")],
  ["Moving", "wheel, ↑ ↓", "Next or previous slice", key("ArrowUp", "ArrowRight"), step(1)],
  ["Moving", "", "", key("ArrowDown", "ArrowLeft"), step(-1)],
  ["Moving", "page ↑ ↓", "Ten slices", key("PageUp"), step(10)],
  ["Moving", "", "", key("PageDown"), step(-10)],
  ["Moving", "home, end", "First or last slice", key("Home"), step(-Infinity)],
  ["Moving", "", "", key("End"), step(Infinity)],
  ["Moving", ", .", "Annotated slice before or after", key(","), toMark(-1)],
  ["Moving", "", "", key("."), toMark(1)],
  ["Moving", "z  y  x", "Plane across that axis", (event) => isPlain(event) && /^[zyx]$/.test(event.key), ({ session }, { key: axis }) => session.setAxis(axis)],
  ["Moving", "ctrl wheel, + −", "Zoom", key("+", "="), zoom(1.25)],
  ["Moving", "", "", key("-", "_"), zoom(0.8)],
  ["Moving", "space drag", "Pan (or the middle button)"],
  ["Moving", "f", "Fit the slice", key("f"), ({ session }) => session.fit()],
  ["Moving", "g, ctrl click", "Crosshair to the pointer", key("g"), goToPointer],
  ["Seeing", "q", "One plane or three", key("q"), ({ session }) => session.toggleLayout()],
  ["Seeing", "shift g", "Crosshair on or off", key("G"), ({ session }) => session.toggleCrosshair()],
  ["Seeing", "h", "Labels on or off", key("h"), toggle("labels")],
  ["Seeing", "p", "Prediction on or off", key("p"), toggle("prediction")],
  ["Seeing", "shift h, shift p", "As contours or filled", key("H"), toggle("labels", "isContour")],
  ["Seeing", "", "", key("P"), toggle("prediction", "isContour")],
  ["Seeing", "c", "Confidence on or off", key("c"), toggle("confidence")],
  ["Seeing", "shift c", "Uncertainty on or off", key("C"), toggle("uncertainty")],
  ["Seeing", "d", "Difference of labels and prediction", key("d"), toggle("difference")],
  ["Seeing", "0 (hold)", "What the prediction is compared with", key("0"), ({ session }) => flicker(session)],
  ["Seeing", "i", "Image on or off", key("i"), toggle("image")],
  ["Seeing", "shift i", "Invert the image", key("I"), toggle("image", "isInverted")],
  ["Seeing", "shift s", "Smooth or sharp voxels", key("S"), toggle("image", "isSmooth")],
  ["Seeing", "right drag", "Window (right widens), level (up brightens)"],
  ["Seeing", "a", "Automatic window", key("a"), ({ session }) => session.autoWindow()],
  ["Seeing", "\\", "Panel on or off", key("\\"), ({ panel }) => panel.toggle()],
  ["Seeing", "t", "Dark or light", key("t"), ({ theme }) => theme.toggle()],
  ["Seeing", "?", "This list", key("?"), ({ help }) => help.toggle()],
  ["Models", "/", "Search, on the page of models"],
];

/** Listen to the keyboard of the page; gives the function that ends it. */
export function listenToKeys(context) {
  const onKey = (event) => {
    if (event.defaultPrevented || isTyping(event)) return;
    const found = SHORTCUTS.find(([, , , test]) => test?.(event, context));
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

function toolShortcut({ name, label, key: shown }) {
  return ["Tools", shown, label, keyOf(shown), ({ session }) => (name === "pick" ? pickHere(session) : session.setTool(name))];
}

function fillShortcut([kind, label, shown]) {
  return ["Filling a slice", shown, label, keyOf(shown), (context) => fillSlice(context, kind)];
}

// "shift e" is told from "e" by its capital letter, whatever the keyboard.
function keyOf(shown) {
  return key(shown.startsWith("shift ") ? shown.slice(6).toUpperCase() : shown);
}

function flagPlane({ session }) {
  const { main, sides } = window.voxloop.layout;
  flagView([main, ...sides].find(({ axis }) => axis === planeOf(session)) ?? main);
}

// Over the image the key picks at once; elsewhere it takes the tool, for a click.
function pickHere(session) {
  const { pointer } = session.state;
  if (pointer) pickLabel(session, pointer.label);
  else session.setTool("pick");
}

function cycleDepth({ session }) {
  const { tool, options } = session.state;
  if (tool === "flood") return cycleOption(session, "dims");
  if (tool === "accept") return cycleOption(session, "accept");
  const isBrush = tool === "brush" || tool === "erase";
  if (!isBrush && options.reach === "slab") cycleOption(session, "reach");
  return cycleOption(session, "reach");
}

// A polygon that was begun takes these keys, but never from a button or a field.
function inDraft(name) {
  return (event, { session }) => Boolean(session.state.draft) && isPlain(event) && event.key === name && !isControl(event.target);
}

// While a place is reviewed; a button, a field or a row of a list has enter for itself.
function atPlace(isShifted) {
  return (event, { session }) => event.key === "Enter" && event.shiftKey === isShifted && isPlain(event) && Boolean(currentPlace(session.state)) && !isControl(event.target) && !event.target.closest?.("li");
}

function pickClass({ session }, { key: digit }) {
  const chosen = session.state.classes[Number(digit) - 1];
  if (chosen) session.setClass(chosen.id);
}

function goToPointer({ session }) {
  if (session.state.pointer) session.goTo(session.state.pointer.voxel);
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
