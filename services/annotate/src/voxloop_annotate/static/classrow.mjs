// One class in the list: chosen by a click, renamed by a double click, recoloured at its swatch, moved by dragging or alt ↑ ↓.

import { element, iconButton, setIcon, setText } from "./element.mjs";
import { amountText, shortCount } from "./number.mjs";
import { UNCERTAIN } from "./palette.mjs";
import { session } from "./session.mjs";

const DRAGGED = "application/x-voxloop-class";

export class ClassRow {
  /** `list` has change(id, patch), move(id, to), remove(id). */
  constructor(id, list) {
    Object.assign(this, { id, list, isUncertain: id === UNCERTAIN });
    this.key = element("span", { class: "vx-class-key" });
    this.swatch = this.#makeSwatch();
    this.name = element("span", { class: "vx-class-name" });
    this.count = element("span", { class: "vx-class-count" });
    this.eye = iconButton("eye", "Hide or show", "", this.#button("vx-class-eye", () => session.toggleClass(id)));
    this.node = element(
      "div",
      { class: "vx-class", role: "radio", tabindex: "0", "data-class-id": id, draggable: this.isUncertain ? false : "true", onclick: () => session.setClass(id), ondblclick: () => this.editName(), onkeydown: (event) => this.#onKey(event) },
      this.key,
      this.swatch,
      this.name,
      ...(this.isUncertain ? [] : this.#editButtons()),
      this.count,
      this.eye,
    );
    if (!this.isUncertain) this.#listenToDrags();
  }

  update({ name, color }, at, { info, counts, classId, hiddenClasses }) {
    const isHidden = hiddenClasses.has(this.id);
    const count = counts[this.id] ?? 0;
    this.at = at;
    this.text = name;
    this.node.setAttribute("aria-checked", String(this.id === classId));
    this.node.toggleAttribute("data-hidden", isHidden);
    setText(this.key, this.isUncertain ? "u" : at < 9 ? String(at + 1) : "");
    if (color) this.#showColor(color);
    if (!this.name.querySelector("input")) setText(this.name, name);
    setText(this.count, shortCount(count));
    this.count.title = info ? amountText(count, info) : "";
    setIcon(this.eye.querySelector(".vx-icon"), isHidden ? "eye-off" : "eye");
  }

  editName() {
    if (this.isUncertain || this.name.querySelector("input")) return;
    const before = this.text;
    const input = element("input", { class: "vx-class-input", value: before, maxlength: 64, "aria-label": "Name of the class" });
    let isDone = false;
    const finish = (isKept) => {
      if (isDone) return;
      isDone = true;
      const name = input.value.trim();
      this.name.textContent = isKept && name ? name : before;
      if (isKept && name && name !== before) this.list.change(this.id, { name });
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter"), this.node.focus();
    });
    input.addEventListener("blur", () => finish(true));
    for (const type of ["click", "dblclick"]) input.addEventListener(type, (event) => event.stopPropagation());
    this.name.replaceChildren(input);
    input.select();
    input.focus();
  }

  #makeSwatch() {
    if (this.isUncertain) return element("span", { class: "vx-swatch", "data-uncertain": true });
    const input = element("input", { type: "color", class: "vx-swatch", "aria-label": "Colour of the class", title: "Change the colour", tabindex: "-1", onchange: () => this.list.change(this.id, { color: input.value }) });
    for (const type of ["click", "dblclick"]) input.addEventListener(type, (event) => event.stopPropagation());
    return input;
  }

  #showColor(color) {
    if (document.activeElement !== this.swatch) this.swatch.value = color.toLowerCase();
  }

  #editButtons() {
    return [
      iconButton("rename", "Rename", "F2", this.#button("vx-class-edit vx-class-rename", () => this.editName())),
      iconButton("delete", "Delete", "del", this.#button("vx-class-edit vx-class-delete", () => this.list.remove(this.id))),
    ];
  }

  #button(name, act) {
    const onclick = (event) => {
      event.stopPropagation();
      act();
    };
    return { class: `vx-icon-button vx-row-button ${name} vx-tip-left`, tabindex: "-1", onclick };
  }

  #onKey(event) {
    if (event.target !== this.node) return;
    const step = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (step && !this.isUncertain) this.list.move(this.id, this.at + step), this.node.focus();
    else if (event.key === "Enter" || event.key === " ") session.setClass(this.id);
    else if (event.key === "F2") this.editName();
    else if (event.key === "Delete" && !this.isUncertain) this.list.remove(this.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #listenToDrags() {
    const { node } = this;
    const on = (type, act) => node.addEventListener(type, act);
    on("dragstart", (event) => event.dataTransfer.setData(DRAGGED, String(this.id)));
    on("dragover", (event) => event.dataTransfer.types.includes(DRAGGED) && (event.preventDefault(), node.toggleAttribute("data-drop", true)));
    on("dragleave", () => node.toggleAttribute("data-drop", false));
    on("drop", (event) => {
      event.preventDefault();
      node.toggleAttribute("data-drop", false);
      const id = Number(event.dataTransfer.getData(DRAGGED));
      if (id && id !== this.id) this.list.move(id, this.at);
    });
  }
}
