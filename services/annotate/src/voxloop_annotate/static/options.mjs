// What the tools can be told: the options with their first values and limits, and what follows from them for a stroke.

import { REACHES } from "./reach.mjs";

export const CHOICES = {
  unit: [["voxels", "voxels"], ["pixels", "pixels"]],
  reach: [["slice", "this slice"], ["slab", "± slices"], ["sphere", "sphere"]],
  threshold: [["off", "any intensity"], ["range", "intensity from"], ["relative", "like start ±"]],
  accept: [["brush", "brush"], ["component", "component"], ["class", "class"], ["region", "rectangle"], ["slice", "whole slice"], ["visible", "what is seen"]],
  acceptOver: [["unlabelled", "over unlabelled"], ["accepted", "and over accepted"], ["all", "over everything"]],
  dims: [["2", "this slice"], ["3", "± slices"]],
};

const LIMITS = { slices: [1, 31], regionSize: [4, 128], smallest: [2, 1e6], tolerance: [0, Infinity], confidence: [0, 1] };

const WHOLE = new Set(["slices", "regionSize", "smallest"]);

export const INITIAL_OPTIONS = {
  unit: "voxels",
  hasPressure: true,
  reach: REACHES[0],
  slices: 2,
  threshold: "off",
  low: 0,
  high: 255,
  tolerance: 10,
  dims: "2",
  regionSize: 24,
  smallest: 50,
  isErasing: false,
  accept: "component",
  acceptOver: "unlabelled",
  confidence: 0,
};

/** Give the value of an option nearest to `value` that it may have, or null if it makes no sense. */
export function limitOption(name, value) {
  if (name in CHOICES) return CHOICES[name].some(([each]) => each === value) ? value : null;
  if (typeof INITIAL_OPTIONS[name] === "boolean") return Boolean(value);
  if (!Number.isFinite(value)) return null;
  const [low, high] = LIMITS[name] ?? [-Infinity, Infinity];
  return Math.min(high, Math.max(low, WHOLE.has(name) ? Math.round(value) : value));
}

/** Give the choice after the present one. */
export function nextChoice(name, value) {
  const values = CHOICES[name].map(([each]) => each);
  return values[(values.indexOf(value) + 1) % values.length];
}

/** Give options whose intensities suit a volume. */
export function suitIntensity(options, { min, max, percentiles = {} }) {
  const [low, high] = [percentiles["0.1"] ?? min, percentiles["99.9"] ?? max];
  return { ...options, low, high, tolerance: roundTo((high - low) / 10, high - low) };
}

/** Give the step in which a tolerance is changed: a round number, about a hundredth of the intensities' spread. */
export function toleranceStep({ min, max, percentiles = {} }, isWhole) {
  const spread = (percentiles["99.9"] ?? max) - (percentiles["0.1"] ?? min);
  const step = 10 ** Math.floor(Math.log10(Math.max(spread, Number.EPSILON) / 50));
  return isWhole ? Math.max(1, step) : step;
}

/** Give the brush's diameter in shortest voxel edges; `zoom` is screen pixels per such edge. */
export const diameterOf = ({ brushSize, options }, zoom) => (options.unit === "pixels" ? brushSize / zoom : brushSize);

/** Give {tool, value, overwrite, replaces, intensity} for what a tool paints; `value` is null while there is no class. */
export function paintSettings({ classId, overwrite, replaces, options }, tool, intensity = null) {
  const isErasing = tool === "erase" || (tool !== "brush" && options.isErasing);
  const value = isErasing ? 0 : classId;
  // Erasing only what is unlabelled would change nothing.
  const rule = isErasing && overwrite === "unlabelled" ? "all" : overwrite;
  return { tool, value, overwrite: rule, replaces: rule === "class" ? replaces : null, intensity };
}

function roundTo(value, spread) {
  const digits = 10 ** Math.floor(Math.log10(Math.max(spread, Number.EPSILON) / 100));
  return digits >= 1 ? Math.max(1, Math.round(value)) : Number((Math.round(value / digits) * digits).toPrecision(6));
}
