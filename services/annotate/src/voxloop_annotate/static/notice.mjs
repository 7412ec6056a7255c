// What lies over the image when there is nothing to see or nothing painted yet: it says what to do next.

import { element, icon } from "./element.mjs";

export class Notice {
  /** `reopen()` tries again after the volume could not be loaded. */
  constructor(node, session, reopen) {
    this.reopen = reopen;
    this.node = element("div", { class: "vx-notice", role: "status", hidden: true });
    node.append(this.node);
    this.end = session.watch(["volume", "info", "problem", "isAnnotated", "classes", "isPainting", "draft", "preview"], (state) => this.#update(state));
  }

  #update(state) {
    const kind = kindOf(state);
    this.node.hidden = kind === null;
    if (kind === this.kind) return;
    this.kind = kind;
    this.node.dataset.kind = kind ?? "";
    this.node.replaceChildren(...(kind ? this.#contents(kind, state) : []));
  }

  #contents(kind, { problem }) {
    if (kind === "none") return [...titled("No volume", "Choose one above, or import an image:"), element("kbd", {}, "voxloop import image.tif --name NAME")];
    if (kind === "loading") return [icon("busy"), "Loading the volume…"];
    if (kind === "problem") return [...titled("The volume cannot be shown", problem.message), this.#againButton()];
    if (kind === "classless") return titled("No classes yet", "Add one with + in the panel on the right: what do you want to tell apart?");
    return [element("strong", {}, "Pick a class, paint a few strokes of each, press Train"), keyTable()];
  }

  #againButton() {
    return element("button", { type: "button", class: "vx-secondary", onclick: () => this.reopen() }, "Try again");
  }
}

function kindOf({ volume, info, problem, isAnnotated, classes, isPainting, draft, preview }) {
  if (!volume) return "none";
  if (problem) return "problem";
  if (!info) return "loading";
  if (!classes.length) return "classless";
  return isAnnotated === false && !isPainting && !draft && !preview ? "fresh" : null;
}

function titled(title, text) {
  return [element("strong", {}, title), element("span", {}, text)];
}

function keyTable() {
  const keys = [["1–9", "class"], ["b", "brush"], ["e", "eraser"], ["[ ]", "size"], ["wheel", "slice"], ["ctrl wheel", "zoom"], ["space drag", "pan"], ["?", "all keys"]];
  const cells = keys.map(([key, name]) => element("span", { class: "vx-key" }, element("kbd", {}, key), name));
  return element("div", { class: "vx-keys" }, ...cells);
}
