// The ClassList component: what can be painted, how much of it is, and whether it is shown.

import { element, iconButton, setIcon, setText } from "./element.mjs";
import { shortCount } from "./number.mjs";
import { UNCERTAIN, nextColor } from "./palette.mjs";
import { session } from "./session.mjs";
import { saveClasses } from "./volume.mjs";

const MOST_CLASSES = 250;

const UNCERTAIN_CLASS = { id: UNCERTAIN, name: "uncertain", color: null };

/** Fill `node` with the class list. */
export function mount(node) {
  const list = element("div", { class: "vx-class-rows", role: "radiogroup", "aria-label": "Classes" });
  const problem = element("div", { class: "vx-class-problem", role: "alert", hidden: true });
  const add = iconButton("plus", "Add a class", "", { class: "vx-icon-button vx-class-add vx-tip-left", onclick: () => addClass(show) });
  const show = (error) => showProblem(problem, error);
  node.replaceChildren(add, list, problem);
  const rows = new Map();
  const end = session.watch(["classes", "counts", "classId", "hiddenClasses", "volume", "info"], (state) => updateRows(list, rows, state, show));
  const endAdd = session.watch(["info", "classes"], ({ info, classes }) => (add.disabled = !info || classes.length >= MOST_CLASSES));
  return { update() {}, unmount: () => (end(), endAdd(), node.replaceChildren()) };
}

function updateRows(list, rows, state, show) {
  const wanted = state.volume ? [...state.classes, UNCERTAIN_CLASS] : [];
  for (const [id, row] of rows) if (!wanted.some((each) => each.id === id)) rows.delete(id) && row.remove();
  wanted.forEach((each, at) => {
    if (!rows.has(each.id)) rows.set(each.id, makeRow(each.id, show));
    const row = rows.get(each.id);
    if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    updateRow(row, each, at, state);
  });
}

function makeRow(id, show) {
  const isUncertain = id === UNCERTAIN;
  const name = element("span", { class: "vx-class-name" });
  const rename = () => !isUncertain && editName(row, id, show);
  const row = element(
    "div",
    { class: "vx-class", role: "radio", tabindex: "0", "data-class-id": id, onclick: () => session.setClass(id), ondblclick: rename, onkeydown: (event) => onRowKey(event, id, rename) },
    element("span", { class: "vx-class-key" }),
    element("span", { class: "vx-swatch", "data-uncertain": isUncertain }),
    name,
    isUncertain ? null : iconButton("rename", "Rename", "F2", { class: "vx-icon-button vx-row-button vx-class-rename vx-tip-left", tabindex: "-1", onclick: stopped(rename) }),
    element("span", { class: "vx-class-count" }),
    iconButton("eye", "Hide or show", "", { class: "vx-icon-button vx-row-button vx-class-eye vx-tip-left", tabindex: "-1", onclick: stopped(() => session.toggleClass(id)) }),
  );
  return row;
}

function updateRow(row, { id, name, color }, at, { counts, classId, hiddenClasses }) {
  const isHidden = hiddenClasses.has(id);
  const count = counts[id] ?? 0;
  row.setAttribute("aria-checked", String(id === classId));
  row.toggleAttribute("data-hidden", isHidden);
  setText(row.querySelector(".vx-class-key"), id === UNCERTAIN ? "u" : at < 9 ? String(at + 1) : "");
  if (color) row.querySelector(".vx-swatch").style.backgroundColor = color;
  const label = row.querySelector(".vx-class-name");
  if (!label.querySelector("input")) setText(label, name);
  const number = row.querySelector(".vx-class-count");
  setText(number, shortCount(count));
  number.title = `${count.toLocaleString("en")} voxels`;
  setIcon(row.querySelector(".vx-class-eye .vx-icon"), isHidden ? "eye-off" : "eye");
}

function onRowKey(event, id, rename) {
  if (event.target !== event.currentTarget) return;
  if (event.key === "Enter" || event.key === " ") session.setClass(id);
  else if (event.key === "F2") rename();
  else return;
  event.preventDefault();
}

function editName(row, id, show) {
  const label = row.querySelector(".vx-class-name");
  if (label.querySelector("input")) return;
  const before = session.state.classes.find((each) => each.id === id).name;
  const input = element("input", { class: "vx-class-input", value: before, maxlength: 64, "aria-label": "Name of the class" });
  let isDone = false;
  const finish = (isKept) => {
    if (isDone) return;
    isDone = true;
    const name = input.value.trim();
    label.textContent = isKept && name ? name : before;
    if (isKept && name && name !== before) renameClass(id, name, show);
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter"), row.focus();
  });
  input.addEventListener("blur", () => finish(true));
  for (const type of ["click", "dblclick"]) input.addEventListener(type, (event) => event.stopPropagation());
  label.replaceChildren(input);
  input.select();
  input.focus();
}

function renameClass(id, name, show) {
  const classes = session.state.classes.map((each) => (each.id === id ? { ...each, name } : each));
  store(classes, show);
}

async function addClass(show) {
  const { classes } = session.state;
  const ids = new Set(classes.map(({ id }) => id));
  let id = 1;
  while (ids.has(id)) id += 1;
  const isSaved = await store([...classes, { id, name: `class ${id}`, color: nextColor(classes) }], show);
  if (!isSaved) return;
  session.setClass(id);
  const row = document.querySelector(`.vx-class[data-class-id="${id}"]`);
  if (row) editName(row, id, show);
}

async function store(classes, show) {
  try {
    await saveClasses(session, classes);
    show(null);
    return true;
  } catch (error) {
    show(error);
    return false;
  }
}

function showProblem(node, error) {
  node.hidden = !error;
  node.textContent = error ? `Not saved: ${error.message}` : "";
}

const stopped = (act) => (event) => {
  event.stopPropagation();
  act();
};
