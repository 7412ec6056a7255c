// Lasso: draw around an area with the button down; it closes by itself.

import { paintArea } from "./area.mjs";
import { planeOf } from "./contact.mjs";
import { fillPolygon, pathOf } from "./polygon.mjs";

export const lasso = {
  name: "lasso",
  label: "Lasso",
  key: "l",
  icon: "lasso",
  hint: "drag around what to fill",
  options: ["reach", "slices", "isErasing", "overwrite"],
  make: (viewport) => new LassoTool(viewport),
};

class LassoTool {
  constructor(viewport) {
    Object.assign(this, { viewport, points: [] });
  }

  press({ place }) {
    const plane = planeOf(this.viewport);
    this.points = [place];
    return {
      name: "draw",
      move: (contacts) => this.points.push(...contacts.map((contact) => contact.place)),
      end: () => this.#fill(plane),
      cancel: () => (this.points = []),
    };
  }

  marks() {
    return this.points.length ? [{ kind: "area", d: pathOf(this.points, true) }, { kind: "line", d: pathOf(this.points, true) }] : [];
  }

  #fill(plane) {
    const { rows, cols } = this.viewport.view.extent;
    const spans = fillPolygon(this.points, rows, cols);
    this.points = [];
    paintArea(this.viewport, plane, spans, "lasso");
  }
}
