// The menu of what can be filled on the slice at hand: interpolate, copy, holes, islands.

import { annotation } from "./annotation.mjs";
import { element, icon, iconButton } from "./element.mjs";
import { SLICE_FILLS, fillSlice } from "./fills.mjs";
import { number } from "./optioncontrols.mjs";
import { session } from "./session.mjs";

const ID = "vx-fill-menu";

export class FillMenu {
  constructor() {
    this.smallest = number(session, "smallest", "Smallest piece that stays, in voxels", 5);
    this.button = iconButton("fills", "Fill this slice", "j", { class: "vx-icon-button vx-tool", "data-tool": "fills", popovertarget: ID, "aria-haspopup": "menu" });
    this.node = element("div", { id: ID, class: "vx-fill-menu", popover: "auto", "aria-label": "Fill this slice", ontoggle: (event) => this.#onToggle(event), onkeydown: (event) => this.#onKey(event) }, ...SLICE_FILLS.map((fill) => this.#item(fill)));
    this.end = session.watch(["options"], (state) => this.smallest.update(state));
  }

  #item([kind, label, key, name, hint]) {
    const act = () => {
      this.node.hidePopover();
      fillSlice({ session, annotation }, kind);
    };
    const button = element("button", { type: "button", class: "vx-fill", "data-tool": kind, onclick: act }, icon(name), element("span", { class: "vx-fill-name" }, label), element("span", { class: "vx-fill-hint" }, hint), element("kbd", {}, key));
    if (kind !== "islands") return button;
    return element("div", { class: "vx-fill-row" }, button, this.smallest.node, element("span", { class: "vx-fill-hint" }, "voxels"));
  }

  #onToggle({ newState }) {
    this.button.setAttribute("aria-expanded", String(newState === "open"));
    if (newState !== "open") return;
    const { right, top } = this.button.getBoundingClientRect();
    Object.assign(this.node.style, { left: `${right + 8}px`, top: `${top}px` });
    this.node.querySelector("button").focus();
  }

  #onKey(event) {
    const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!direction || event.target.matches("input")) return;
    event.preventDefault();
    event.stopPropagation();
    const buttons = [...this.node.querySelectorAll("button")];
    buttons[(buttons.indexOf(document.activeElement) + direction + buttons.length) % buttons.length].focus();
  }
}
