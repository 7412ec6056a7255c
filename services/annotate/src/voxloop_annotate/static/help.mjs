// The overlay that lists every key.

import { element, iconButton } from "./element.mjs";
import { SHORTCUTS } from "./shortcuts.mjs";

export class Help {
  toggle() {
    if (this.dialog) this.close();
    else this.open();
  }

  open() {
    this.dialog = element("dialog", { class: "vx-help", "aria-labelledby": "vx-help-title", onclose: () => this.#forget(), onclick: (event) => this.#onClick(event) }, this.#contents());
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  close() {
    this.dialog?.close();
  }

  #contents() {
    const head = element("header", {}, element("h2", { id: "vx-help-title" }, "Keys"), iconButton("close", "Close", "esc", { onclick: () => this.close(), "data-tip": false }));
    const groups = [...new Set(SHORTCUTS.map(([group]) => group))].map(groupNode);
    return element("div", { class: "vx-help-body", role: "document" }, head, element("div", { class: "vx-help-groups" }, ...groups));
  }

  // The dialog element is the whole backdrop: a click on it and not inside closes.
  #onClick(event) {
    if (event.target === this.dialog) this.close();
  }

  #forget() {
    this.dialog?.remove();
    this.dialog = null;
  }
}

function groupNode(group) {
  const rows = SHORTCUTS.filter(([each, keys]) => each === group && keys);
  const items = rows.map(([, keys, text]) => element("div", { class: "vx-help-row" }, element("dt", {}, element("kbd", {}, keys)), element("dd", {}, text)));
  return element("section", {}, element("h3", {}, group), element("dl", {}, ...items));
}
