// One large plane alone, or with the other two beside it, small.

import { element } from "./element.mjs";
import { SliceCache } from "./slicecache.mjs";
import { Viewport } from "./viewport.mjs";

// For the images of all planes together; labels have their own (see annotation.mjs).
const IMAGE_BYTES = 96 * 2 ** 20;

const KEY = "voxloop-layout";

export class Layout {
  constructor(node, session, annotation) {
    Object.assign(this, { node, session, annotation, sides: [] });
    this.cache = new SliceCache(IMAGE_BYTES);
    this.main = this.#viewport(node, 0);
    const chosen = localStorage.getItem(KEY);
    if (chosen) session.set({ layout: chosen });
    const remember = ({ chosenLayout }) => chosenLayout && localStorage.setItem(KEY, chosenLayout);
    this.ends = [session.watch(["chosenLayout"], remember), session.watch(["layout"], ({ layout }) => this.#update(layout === "three"))];
  }

  close() {
    for (const end of this.ends) end();
    for (const side of this.sides) side.close();
    this.main.close();
  }

  // Planes that are not seen are not there at all: they would fetch and keep slices.
  #update(hasSides) {
    this.node.toggleAttribute("data-three", hasSides);
    if (!hasSides) {
      for (const side of this.sides.splice(0)) side.close();
      this.column?.remove();
    } else if (!this.sides.length) {
      this.column = element("div", { class: "vx-sides" });
      this.node.append(this.column);
      this.sides = [1, 2].map((place) => this.#viewport(this.column, place));
    }
  }

  #viewport(node, place) {
    const { session, annotation, cache } = this;
    return new Viewport(node, { session, annotation, cache, place });
  }
}
