// One step of a chain: its title with buttons, its numbers, its classes.

import { isChanged, readNumber, titleOf, toggleClass } from "./chain.mjs";
import { element, iconButton } from "./element.mjs";

/** Make the node of a step; `act` = {change(step), move(by), remove()}. */
export function stepNode(step, { kind, place, count, classes, fallback, act }) {
  const head = element("div", { class: "vx-step-head" }, element("span", { class: "vx-step-number" }, `${place + 1}`), element("span", { class: "vx-step-title", title: kind.help }, titleOf(step.kind)), ...buttons(place, count, act));
  const fields = kind.fields.map((field) => fieldNode(field, step, (value) => act.change({ ...step, [field.name]: value })));
  const chips = classes.map((each) => chip(each, isChanged(step, each.id, fallback), () => act.change(toggleClass(step, each.id, classes, fallback))));
  return element("li", { class: "vx-step", "data-step": step.kind }, head, element("div", { class: "vx-step-fields" }, ...fields), element("div", { class: "vx-step-classes", role: "group", "aria-label": "Classes that the step changes" }, ...chips));
}

function buttons(place, count, act) {
  const small = { class: "vx-icon-button vx-row-button vx-tip-left" };
  return [
    iconButton("up", "Earlier", "", { ...small, "data-move": "-1", disabled: place === 0, onclick: () => act.move(-1) }),
    iconButton("down", "Later", "", { ...small, "data-move": "1", disabled: place === count - 1, onclick: () => act.move(1) }),
    iconButton("delete", "Remove this step", "", { ...small, "data-remove": true, onclick: () => act.remove() }),
  ];
}

function fieldNode(field, step, change) {
  const about = { "data-field": field.name, "aria-label": field.title, title: field.help || field.title };
  const control = field.type === "choice" ? choice(field, step[field.name], about, change) : number(field, step[field.name], about, change);
  return element("label", { class: "vx-step-field" }, element("span", {}, field.title), control);
}

function choice({ choices }, value, about, change) {
  const options = choices.map(([each, text]) => element("option", { value: each, selected: each === value }, text));
  const select = element("select", { class: "form-select", ...about, onchange: () => change(select.value) }, ...options);
  return select;
}

function number(field, value, about, change) {
  const input = element("input", { type: "text", inputmode: "decimal", class: "vx-number", ...about, value: value ?? "", placeholder: field.isOptional ? "any" : "" });
  const read = () => readNumber(input.value, field);
  input.addEventListener("input", () => input.setAttribute("aria-invalid", String(read() === undefined)));
  input.addEventListener("change", () => read() !== undefined && change(read()));
  return input;
}

function chip({ id, name, color }, isOn, onclick) {
  const swatch = element("span", { class: "vx-chip-swatch" });
  swatch.style.background = color;
  return element("button", { type: "button", class: "vx-class-chip", "data-class": id, "aria-pressed": String(isOn), title: `${name}: ${isOn ? "changed by this step" : "left alone"}`, onclick }, swatch, element("span", {}, name));
}
