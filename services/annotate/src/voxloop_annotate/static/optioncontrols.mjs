// The controls of the options bar: for each option a node and how it follows the session's state.

import { element, iconButton } from "./element.mjs";
import { CHOICES, toleranceStep } from "./options.mjs";
import { UNCERTAIN } from "./palette.mjs";
import { setBrushSize, setOption, setOverwrite, takeWindow } from "./tooling.mjs";

/** A choice from a few, `choices` = [[value, text], …]. */
export function choice(session, name, label, choices = CHOICES[name]) {
  const options = choices.map(([value, text]) => element("option", { value }, text));
  const select = element("select", { class: "form-select", "data-option": name, "aria-label": label, title: label, onchange: () => setOption(session, name, select.value) }, ...options);
  return { node: select, update: ({ options: now }) => (select.value = now[name]) };
}

/** A number that is typed, or stepped with the arrow keys; `width` in characters. */
export function number(session, name, label, width, { step = () => 1, read = ({ options }) => options[name], write = (value) => setOption(session, name, value) } = {}) {
  const apply = () => {
    write(Number(input.value.replace(",", ".")));
    input.value = read(session.state);
  };
  const onKey = (event) => {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") return input.blur();
    if (!direction) return undefined;
    event.preventDefault();
    write(Number((read(session.state) + direction * step(session.state)).toPrecision(6)));
    return undefined;
  };
  const input = element("input", { type: "text", inputmode: "decimal", class: "vx-number", "data-option": name, "aria-label": label, title: label, style: `width: calc(${width}ch + 14px)`, onchange: apply, onkeydown: onKey });
  return { node: input, update: (state) => (input.value = read(state)) };
}

/** A button that is on or off. */
export function toggle(session, name, label, icon) {
  const button = iconButton(icon, label, "", { class: "vx-icon-button vx-option-toggle vx-tip-down", "data-option": name, onclick: () => setOption(session, name, !session.state.options[name]) });
  return { node: button, update: ({ options }) => button.setAttribute("aria-pressed", String(options[name])) };
}

/** The size of the brush: smaller, a number, larger. */
export function sizeControl(session) {
  const field = number(session, "size", "Size of the brush ([ and ], or shift wheel)", 3, {
    read: ({ brushSize }) => brushSize,
    write: (value) => setBrushSize(session, value),
  });
  const step = (icon, label, key, direction) => iconButton(icon, label, key, { class: "vx-icon-button vx-size-step vx-tip-down", onclick: () => session.stepBrush(direction) });
  const node = element("span", { class: "vx-size", role: "group", "aria-label": "Size of the brush" }, step("minus", "Smaller brush", "[", -1), field.node, step("plus", "Larger brush", "]", 1));
  return { node, update: field.update };
}

/** The tolerance as a slider in image units; it ends at the spread of the volume's intensities. */
export function toleranceSlider(session) {
  const slider = element("input", { type: "range", class: "vx-range", min: 0, "data-option": "toleranceSlider", "aria-label": "Tolerance, in image values", title: "Tolerance, in image values (< and >)", oninput: () => setOption(session, "tolerance", slider.valueAsNumber) });
  const update = ({ options, info }) => {
    if (!info) return;
    const { min, max, percentiles = {} } = info.intensity;
    slider.max = Math.max(1e-9, ((percentiles["99.9"] ?? max) - (percentiles["0.1"] ?? min)) / 2);
    slider.step = toleranceStep(info.intensity, /int/.test(info.dtype));
    slider.value = options.tolerance;
    slider.style.setProperty("--vx-share", `${Math.min(100, (100 * options.tolerance) / slider.max)}%`);
  };
  return { node: slider, update };
}

/** The least confidence of what is accepted, as a slider from 0 to 1. */
export function confidenceSlider(session) {
  const label = "Least confidence of what is accepted (< and >)";
  const slider = element("input", { type: "range", class: "vx-range", min: 0, max: 1, step: 0.01, "data-option": "confidenceSlider", "aria-label": label, title: label, oninput: () => setOption(session, "confidence", slider.valueAsNumber) });
  const update = ({ options }) => {
    slider.value = options.confidence;
    slider.style.setProperty("--vx-share", `${100 * options.confidence}%`);
  };
  return { node: slider, update };
}

/** The button that takes the image's window as the range of intensities. */
export function windowButton(session) {
  const label = "Take the range from the window of the image";
  const button = element("button", { type: "button", class: "vx-text-button", "data-option": "window", "aria-label": label, title: label, onclick: () => takeWindow(session) }, "window");
  return { node: button, update() {} };
}

/** What may be painted over: everything, only unlabelled, or one class. */
export function overwriteChoice(session) {
  const label = "What is painted over (o)";
  const select = element("select", { class: "form-select", "data-option": "overwrite", "aria-label": label, title: label, onchange: () => apply(select.value) });
  const apply = (value) => (value.startsWith("class") ? setOverwrite(session, "class", Number(value.slice(5))) : setOverwrite(session, value));
  const update = ({ overwrite, replaces, classes }) => {
    const names = [...classes.map(({ id, name }) => [`class${id}`, `over ${name}`]), [`class${UNCERTAIN}`, "over uncertain"]];
    const wanted = [["all", "over everything"], ["unlabelled", "over unlabelled"], ...names];
    if (JSON.stringify(wanted) !== select.dataset.wanted) select.replaceChildren(...wanted.map(([value, text]) => element("option", { value }, text)));
    select.dataset.wanted = JSON.stringify(wanted);
    select.value = overwrite === "class" ? `class${replaces}` : overwrite;
  };
  return { node: select, update };
}
