// Refused strokes, told over the image where they were painted; they stay until closed.

import { element, icon, iconButton } from "./element.mjs";

const MOST = 3;

export class Toasts {
  constructor(node, session) {
    this.node = element("div", { class: "vx-toasts vx-toasts-local", role: "alert" });
    node.append(this.node);
    this.last = session.state.refusal;
    this.end = session.watch(["refusal"], ({ refusal }) => this.#update(refusal));
  }

  #update(refusal) {
    if (!refusal || refusal === this.last) return;
    this.last = refusal;
    this.show("error", "The stroke was not saved and is undone", refusal.error);
  }

  show(kind, title, error) {
    const toast = element("div", { class: "vx-toast", "data-kind": kind });
    const close = iconButton("close", "Close", "", { onclick: () => toast.remove(), "data-tip": false });
    toast.append(icon(kind === "error" ? "alert" : "info"), element("div", { class: "vx-toast-body" }, element("strong", {}, title), ...details(error)), close);
    this.node.append(toast);
    while (this.node.children.length > MOST) this.node.firstChild.remove();
  }
}

function details(error) {
  if (!error) return [];
  const detail = error.detail ? (typeof error.detail === "string" ? error.detail : JSON.stringify(error.detail, null, 2)) : null;
  const message = element("div", {}, error.message);
  return detail ? [message, element("details", {}, element("summary", {}, "details"), element("pre", {}, detail))] : [message];
}
