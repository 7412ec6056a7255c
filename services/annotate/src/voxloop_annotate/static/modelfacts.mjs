// What a model's manifest says, as sections of its card: classes with their scores, other figures, settings, files, ways to use it.

import { element, icon, setText } from "./element.mjs";
import { shortValue, unitSign } from "./number.mjs";

/** Give [{id, name, color, dice, spread}] of a manifest; null where a class could not be judged. */
export function scoresOf({ classes = [], metrics = {} }) {
  const { dice = {}, dice_spread_per_class: spread = {} } = metrics;
  const number = (value) => (Number.isFinite(value) ? value : null);
  return classes.map(({ id, name, color }) => ({ id, name, color, dice: number(dice?.[id]), spread: number(spread?.[id]) }));
}

/** Give [[name, text]] of the settings or figures that are single values; nested ones with a dot. */
export function flatEntries(values, path = "") {
  return Object.entries(values ?? {}).flatMap(([name, value]) => {
    const isNested = value !== null && typeof value === "object" && !Array.isArray(value);
    return isNested ? flatEntries(value, `${path}${name}.`) : [[`${path}${name}`, textOf(value)]];
  });
}

/** Give a score as "0.912 ± 0.014". */
export function scoreText(dice, spread) {
  if (!Number.isFinite(dice)) return "not judged";
  return `${dice.toFixed(3)}${Number.isFinite(spread) ? ` ± ${spread.toFixed(3)}` : ""}`;
}

const SHOWN_ELSEWHERE = /^(dice|dice_spread_per_class)\.|^(mean_dice|dice_spread|validation)$/;

/** Draw the classes with their colours and Dice. */
export function drawClasses(manifest) {
  const rows = scoresOf(manifest).map(({ name, color, dice, spread }) => {
    const bar = element("div", { class: "vx-score-bar", "aria-hidden": "true" }, element("div", { style: `width:${100 * (dice ?? 0)}%` }));
    return element("tr", {}, element("th", { scope: "row" }, swatch(color), name), element("td", {}, bar), element("td", { class: "vx-figure" }, scoreText(dice, spread)));
  });
  const { mean_dice: mean, dice_spread: spread, validation } = manifest.metrics ?? {};
  const sum = element("p", { class: "vx-score" }, element("strong", {}, scoreText(mean, spread)), element("span", { class: "vx-muted" }, " mean Dice"));
  const note = validation ? element("p", { class: "vx-quiet" }, `Judged on: ${validation}.`) : null;
  return [sum, element("table", { class: "vx-table vx-compact vx-scores" }, element("tbody", {}, ...rows)), ...(note ? [note] : [])];
}

/** Draw the other figures of the training. */
export function drawFigures({ metrics, duration_s: seconds, hardware, code_version: version, planes, unit, voxel_size: size }) {
  const own = flatEntries(metrics).filter(([name]) => !SHOWN_ELSEWHERE.test(name) && name !== "held_out");
  const rest = [["trained for", Number.isFinite(seconds) && `${Math.round(seconds)} s`], ["hardware", hardware], ["voxloop", version], ["planes", planes], ["voxel size", Array.isArray(size) && `${size.map(shortValue).join(" × ")} ${unitSign(unit)}`]];
  return drawPairs([...own, ...rest.filter(([, text]) => text)]);
}

/** Give a name and its values as people read them: ["budget_s", "60"] is ["budget", "60 s"]. */
export function inWords(name, ...texts) {
  const [, stem, unit] = /^(.+)_(s|um)$/.exec(name) ?? [null, name, null];
  const sign = unit === "um" ? "µm" : unit;
  return [stem.replaceAll("_", " "), ...texts.map((text) => (sign && Number.isFinite(Number.parseFloat(text)) ? `${text} ${sign}` : String(text)))];
}

/** Draw names and values, in as many columns as there is room for. */
export function drawPairs(pairs) {
  if (!pairs.length) return element("p", { class: "vx-quiet" }, "None.");
  const entries = pairs.map((pair) => {
    const [name, text] = inWords(...pair);
    return element("div", {}, element("dt", {}, name), element("dd", {}, text));
  });
  return element("dl", { class: "vx-pairs" }, ...entries);
}

/** Draw the files of a version, with what identifies them. */
export function drawFiles({ name, version, digest, size }) {
  const weights = element("a", { href: `api/models/${encodeURIComponent(name)}/versions/${version}/weights`, download: "" }, `${name}-${version}.safetensors`);
  const cells = [weights, sizeText(size), element("code", { class: "vx-digest", title: digest }, digest.slice(0, 16), "…"), copyButton(digest, "Copy the sha256")];
  const head = ["File", "Size", "sha256", ""].map((text) => element("th", { scope: "col" }, text));
  return element("table", { class: "vx-table vx-compact vx-files" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, element("tr", {}, ...cells.map((cell) => element("td", {}, cell)))));
}

/** Draw the ways to use a model: {command, python}; null for one that this voxloop cannot run. */
export function drawUsage(usage) {
  if (!usage) return [element("p", { class: "vx-quiet" }, "Its manifest is newer than this voxloop: it can be looked at, not run. Update voxloop.")];
  return [code("Command line", usage.command), code("Python", usage.python)];
}

/** Give a number of bytes with three digits. */
export function sizeText(size) {
  const [unit, name] = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]].find(([least]) => size >= least) ?? [1, "B"];
  return `${Number((size / unit).toPrecision(3))} ${name}`;
}

export function swatch(color) {
  const node = element("span", { class: "vx-swatch" });
  node.style.background = color;
  return node;
}

function code(title, text) {
  return element("div", { class: "vx-code" }, element("div", { class: "vx-code-head" }, element("span", { class: "vx-field-label" }, title), copyButton(text, `Copy: ${title}`)), element("pre", { tabindex: "0" }, text.trimEnd()));
}

function copyButton(text, label) {
  const name = element("span", {}, "Copy");
  const button = element("button", { type: "button", class: "vx-text-button vx-copy", "aria-label": label, title: label }, icon("copy"), name);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text).then(() => setText(name, "Copied"), () => setText(name, "Select and copy by hand"));
    setTimeout(() => setText(name, "Copy"), 2000);
  });
  return button;
}

function textOf(value) {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map((each) => (typeof each === "object" ? JSON.stringify(each) : textOf(each))).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? shortValue(value) : String(value);
}
