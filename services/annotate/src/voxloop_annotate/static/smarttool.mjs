// Smart fill: the region (superpixel) under the pointer is outlined; a click paints it, a drag all that it crosses.

import { isInside, planeOf } from "./contact.mjs";
import { paintSettings } from "./options.mjs";
import { Reach } from "./reach.mjs";
import { Regions } from "./regions.mjs";
import { gridOf } from "./session.mjs";

export const smart = {
  name: "smart",
  label: "Smart fill",
  key: "s",
  icon: "smart",
  hint: "click or drag over regions to paint them",
  options: ["regionSize", "reach", "slices", "isErasing", "overwrite"],
  make: (viewport) => new SmartTool(viewport),
};

class SmartTool {
  constructor(viewport) {
    this.viewport = viewport;
    this.regions = new Regions(() => viewport.cursor.update(), (error) => viewport.session.say(`no regions: ${error.message}`));
  }

  press(contact) {
    const { session } = this.viewport;
    const { state } = session;
    const map = isInside(this.viewport, contact.place) && this.#find(contact.place);
    if (!map) return void session.say("the regions of this slice are still on their way");
    const live = this.viewport.beginStroke(paintSettings(state, "smart"));
    if (!live) return void session.say(state.classId === null ? "add a class first" : "this slice is still loading");
    live.extend(new Reach(state.options.reach === "slab" ? "slab" : "slice", state.options.slices, planeOf(this.viewport), gridOf(state.info)));
    const trail = { live, done: new Set(), from: contact.place };
    this.#visit(trail, contact.place);
    return {
      name: "paint",
      move: (contacts) => contacts.forEach(({ place }) => this.#follow(trail, place)),
      end: () => this.viewport.annotation.end(live),
      cancel: () => this.viewport.annotation.end(live, false),
    };
  }

  marks(contact) {
    if (!contact || !isInside(this.viewport, contact.place)) return [];
    const map = this.#find(contact.place);
    if (!map) return [];
    const d = map.outlineOf(map.at(contact.place));
    return [{ kind: "line", d }];
  }

  close() {
    this.regions.close();
  }

  // A fast pointer jumps over regions; voxel by voxel none is missed.
  #follow(trail, to) {
    const { from } = trail;
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(to.row - from.row), Math.abs(to.col - from.col))));
    for (let i = 1; i <= steps; i++) {
      this.#visit(trail, { row: from.row + ((to.row - from.row) * i) / steps, col: from.col + ((to.col - from.col) * i) / steps });
    }
    trail.from = to;
  }

  #visit({ live, done }, place) {
    const map = isInside(this.viewport, place) ? this.#find(place) : null;
    if (!map) return;
    const number = map.at(place);
    const key = `${map.rect.r0} ${map.rect.c0} ${number}`;
    if (done.has(key)) return;
    done.add(key);
    this.viewport.extendStroke(live, map.spansOf(number));
  }

  #find(place) {
    const { volume, options } = this.viewport.session.state;
    return this.regions.find({ volume, ...planeOf(this.viewport), size: options.regionSize }, this.viewport.view, place);
  }
}
