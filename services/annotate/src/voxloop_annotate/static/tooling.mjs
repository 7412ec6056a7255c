// Telling the tools what to do: their options, what may be painted over, the class to paint with. The first argument is
// the session, whose state holds it all.

import { CHOICES, INITIAL_OPTIONS, diameterOf, limitOption, nextChoice, suitIntensity, toleranceStep } from "./options.mjs";
import { UNCERTAIN, nameOf } from "./palette.mjs";
import { isLooking, mayChange, whyNot } from "./rights.mjs";

/** The tooling part of a session's first state. */
export const INITIAL_TOOLING = { tool: "brush", brushSize: 12, overwrite: "all", replaces: null, options: INITIAL_OPTIONS, draft: null, filling: null, flags: [] };

export const LARGEST_BRUSH = 512;

/** Give an option another value; one that makes no sense changes nothing. */
export function setOption(session, name, value) {
  const { options, isPainting } = session.state;
  const limited = limitOption(name, value);
  if (isPainting || limited === null) return;
  if (name === "unit") convertSize(session, limited);
  session.set({ options: { ...session.state.options, [name]: limited } });
}

/** Take the next of an option's choices, and say which. */
export function cycleOption(session, name) {
  setOption(session, name, nextChoice(name, session.state.options[name]));
  const [, text] = CHOICES[name].find(([value]) => value === session.state.options[name]);
  session.say(text);
}

/** Make the slices of slabs more or fewer. */
export function stepSlices(session, direction) {
  setOption(session, "slices", session.state.options.slices + direction);
  session.say(`± ${session.state.options.slices} slices`);
}

/** Make the tolerance of flood fill and threshold brush larger or smaller. */
export function stepTolerance(session, direction) {
  const { info, options, tool } = session.state;
  if (!info) return;
  if (tool === "accept") return void stepConfidence(session, direction);
  const step = toleranceStep(info.intensity, /int/.test(info.dtype));
  setOption(session, "tolerance", Number((options.tolerance + direction * step).toPrecision(6)));
  session.say(`tolerance ± ${session.state.options.tolerance}`);
}

/** Accept only what is predicted with more confidence, or also with less. */
function stepConfidence(session, direction) {
  setOption(session, "confidence", Number((session.state.options.confidence + 0.05 * direction).toFixed(2)));
  session.say(`confidence from ${session.state.options.confidence.toFixed(2)}`);
}

/** Take the range of the threshold brush from the window of the image. */
export function takeWindow(session) {
  const { min, max } = session.state.layers.image;
  const isWhole = /int/.test(session.state.info?.dtype ?? "");
  const round = (value) => (isWhole ? Math.round(value) : Number(value.toPrecision(5)));
  setOption(session, "low", round(min));
  setOption(session, "high", round(max));
  setOption(session, "threshold", "range");
}

/** Take the options' intensities from a volume that is opened. */
export function suitVolume(session, info) {
  session.set({ options: suitIntensity(session.state.options, info.intensity) });
}

/** Set the brush's size, in voxels or screen pixels as the options say. */
export function setBrushSize(session, size) {
  if (Number.isFinite(size)) session.set({ brushSize: Math.min(LARGEST_BRUSH, Math.max(1, Math.round(size))) });
}

/** Say what may be painted over: "all", "unlabelled", or "class" with the class that is replaced. */
export function setOverwrite(session, overwrite, replaces = null) {
  if (!session.state.isPainting) session.set({ overwrite, replaces: overwrite === "class" ? replaces : null });
}

/** Go through what may be painted over: all, only unlabelled, only one class. */
export function cycleOverwrite(session) {
  const { overwrite, classes, classId } = session.state;
  const other = classes.find(({ id }) => id !== classId)?.id ?? UNCERTAIN;
  if (overwrite === "all") setOverwrite(session, "unlabelled");
  else if (overwrite === "unlabelled") setOverwrite(session, "class", other);
  else setOverwrite(session, "all");
  session.say(overwriteText(session.state));
}

/** Paint over everything again if the only class that was painted over is gone. */
export function keepRule(session) {
  const { overwrite, replaces, classes } = session.state;
  if (overwrite === "class" && replaces !== UNCERTAIN && !classes.some(({ id }) => id === replaces)) setOverwrite(session, "all");
}

/** Say in words what is painted over. */
export function overwriteText({ overwrite, replaces, classes }) {
  if (overwrite === "all") return "over everything";
  if (overwrite === "unlabelled") return "over unlabelled only";
  return `over ${nameOf(replaces, classes)} only`;
}

/** Say in words what the tool does now, for the status line. */
export function toolText(state) {
  const { tool, brushSize, options, classId, classes } = state;
  if (tool === "pan" || tool === "pick") return tool;
  if (tool === "accept") return acceptText(state);
  const size = tool === "brush" || tool === "erase" ? ` ${brushSize} ${options.unit}` : "";
  if (tool === "erase" || options.isErasing) return `${tool === "erase" ? "eraser" : `${tool} erases`}${size}`;
  return `${tool} ${classId === null ? "no class" : nameOf(classId, classes)}${size} · ${overwriteText(state)}`;
}

function acceptText({ options, brushSize }) {
  const text = (name) => CHOICES[name].find(([value]) => value === options[name])[1];
  const size = options.accept === "brush" ? ` ${brushSize} ${options.unit}` : "";
  const sure = options.confidence ? ` · from ${options.confidence.toFixed(2)}` : "";
  return `accept ${text("accept")}${size}${sure} · ${text("acceptOver")}`;
}

/** Paint with the class that was found under the pointer; 0 or null: there is none. */
export function pickLabel(session, label) {
  if (!label) return session.say("no label here to pick");
  session.setClass(label);
  return session.say(`picked ${nameOf(label, session.state.classes)}`);
}

/** Choose a tool; a polygon that was begun is dropped, and said to be. */
export function chooseTool(session, name) {
  const { isPainting, tool, draft } = session.state;
  if (isPainting) return;
  if (!mayChange(session.state) && !isLooking(name)) return void session.say(whyNot(session.state));
  if (draft && name !== tool) {
    draft.drop();
    session.say(`${draft.name} dropped`);
  }
  session.set({ tool: name });
}

/** Choose the class to paint with; a tool that paints stays, any other gives way to the brush. */
export function chooseClass(session, classId) {
  const { isPainting, tool, classes, options } = session.state;
  const isKnown = classId === UNCERTAIN || classes.some(({ id }) => id === classId);
  if (!isKnown || isPainting) return;
  const isPaintingTool = !["erase", "pick", "pan", "accept"].includes(tool) || !mayChange(session.state);
  session.set({ classId, tool: isPaintingTool ? tool : "brush", options: options.isErasing ? { ...options, isErasing: false } : options });
}

// The brush stays as large on the screen as it is when it is measured otherwise.
function convertSize(session, unit) {
  const { options, zoom } = session.state;
  if (unit === options.unit) return;
  const diameter = diameterOf(session.state, zoom);
  setBrushSize(session, unit === "pixels" ? diameter * zoom : diameter);
}
