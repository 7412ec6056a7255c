// Rectangle and ellipse: from corner to corner; with shift as high as wide in physical units.

import { paintArea } from "./area.mjs";
import { planeOf } from "./contact.mjs";
import { evenCorner, fillEllipse, fillRectangle, outlineShape } from "./shapes.mjs";

const OPTIONS = ["reach", "slices", "isErasing", "overwrite"];

const FILLS = { rectangle: fillRectangle, ellipse: fillEllipse };

export const rectangle = { name: "rectangle", label: "Rectangle", key: "r", icon: "rectangle", hint: "drag from corner to corner · shift: square", options: OPTIONS, make: (viewport) => new ShapeTool(viewport, "rectangle") };

export const ellipse = { name: "ellipse", label: "Ellipse", key: "shift e", icon: "ellipse", hint: "drag from corner to corner · shift: circle", options: OPTIONS, make: (viewport) => new ShapeTool(viewport, "ellipse") };

class ShapeTool {
  constructor(viewport, name) {
    Object.assign(this, { viewport, name, corners: null });
  }

  press({ place }) {
    const plane = planeOf(this.viewport);
    this.corners = [place, place];
    return {
      name: "draw",
      move: (contacts) => this.#drag(place, contacts.at(-1)),
      end: () => this.#fill(plane),
      cancel: () => (this.corners = null),
    };
  }

  marks() {
    if (!this.corners) return [];
    const d = outlineShape(this.name, ...this.corners);
    return [{ kind: "area", d }, { kind: "line", d }];
  }

  #drag(from, { place, isShift }) {
    this.corners = [from, isShift ? evenCorner(from, place, this.viewport.view.aspect) : place];
  }

  #fill(plane) {
    const { rows, cols } = this.viewport.view.extent;
    const spans = FILLS[this.name](...this.corners, rows, cols);
    this.corners = null;
    paintArea(this.viewport, plane, spans, this.name);
  }
}
