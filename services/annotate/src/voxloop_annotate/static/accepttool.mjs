// Accept: what the prediction says becomes labels, by brush, by component, by class, in a rectangle, on a slice or on all that is seen.

import { BrushTool } from "./brushtool.mjs";
import { isInside, planeOf } from "./contact.mjs";
import { runFill } from "./fills.mjs";
import { limitRange } from "./floodtool.mjs";
import { boxOf, voxelAt } from "./plane.mjs";
import { PredictedPatch } from "./predictedpatch.mjs";
import { Reach } from "./reach.mjs";
import { gridOf } from "./session.mjs";
import { outlineShape } from "./shapes.mjs";
import { shownAbout, translationOf } from "./translation.mjs";

export const accept = {
  name: "accept",
  label: "Accept prediction",
  key: "shift a",
  icon: "accept",
  hint: "",
  options: ["accept", "size", "unit", "hasPressure", "dims", "slices", "confidence", "acceptOver", "flag"],
  make: (viewport) => new AcceptTool(viewport),
};

const DONE = { component: "accept component", class: "accept class", region: "accept rectangle", slice: "accept slice", visible: "accept what is seen" };

/** Give why nothing can be accepted now, or null: only what is seen can be agreed with. */
export function obstacleOf({ prediction, preview, chain, layers }) {
  if (preview) return "a preview is not kept anywhere: predict the volume, then accept";
  if (!prediction) return "nothing is predicted yet: train, or predict with a model";
  if (chain) return "keep the post-processed prediction first, then accept it";
  const isSeen = layers.prediction.isVisible && layers.prediction.opacity > 0;
  return isSeen || layers.difference.isVisible ? null : "show the prediction first (p)";
}

/** Give the body of a fill, as in POST fills without its id; `rect` is the part of the plane it is about, null: all of it. */
export function acceptOrder({ prediction, options }, where, { axis, index }, place, rect = null, range = null) {
  const isSeeded = where === "component" || where === "class";
  const box = rect && boxOf(axis, index, rect);
  if (box && range) box["zyx".indexOf(axis)] = range;
  return {
    kind: "accept",
    where: where === "visible" ? "region" : where,
    prediction,
    axis,
    index,
    seed: isSeeded ? voxelAt(axis, index, Math.floor(place.row), Math.floor(place.col)) : null,
    dims: range ? 3 : 2,
    box,
    confidence: options.confidence,
    overwrite: options.acceptOver,
  };
}

class AcceptTool {
  constructor(viewport) {
    Object.assign(this, { viewport, brush: new AcceptBrush(viewport), corners: null });
  }

  press(contact) {
    const { session } = this.viewport;
    const obstacle = obstacleOf(session.state);
    if (obstacle) return void session.say(obstacle);
    const { accept: where } = session.state.options;
    if (where === "brush") return this.brush.press(contact);
    if (where === "region") return this.#draw(contact.place);
    if (!isInside(this.viewport, contact.place)) return null;
    return { name: "click", move() {}, end: () => this.#fill(where, contact.place), cancel() {} };
  }

  marks(contact) {
    if (this.viewport.session.state.options.accept === "brush") return this.brush.marks(contact);
    if (!this.corners) return [];
    const d = outlineShape("rectangle", ...this.corners);
    return [{ kind: "area", d }, { kind: "line", d }];
  }

  #draw(from) {
    this.corners = [from, from];
    return {
      name: "draw",
      move: (contacts) => (this.corners = [from, contacts.at(-1).place]),
      end: () => this.#fillCorners(),
      cancel: () => (this.corners = null),
    };
  }

  #fillCorners() {
    const { rows, cols } = this.viewport.view.extent;
    const rect = rectBetween(...this.corners, rows, cols);
    this.corners = null;
    if (rect) this.#run("region", null, rect);
    else this.viewport.session.say("the rectangle holds no voxel");
  }

  #fill(where, place) {
    const { session, view } = this.viewport;
    const { dims, slices } = session.state.options;
    const seen = view.visibleRect();
    if (where === "visible") return this.#run(where, place, seen);
    const isDeep = dims === "3" && (where === "component" || where === "class");
    if (!isDeep) return this.#run(where, place);
    const range = new Reach("slab", slices, planeOf(this.viewport), gridOf(session.state.info)).range();
    const [r0, r1] = limitRange(seen.r0, seen.r1, Math.floor(place.row));
    const [c0, c1] = limitRange(seen.c0, seen.c1, Math.floor(place.col));
    return this.#run(where, place, { r0, r1, c0, c1 }, range);
  }

  #run(where, place, rect = null, range = null) {
    runFill(this.viewport, acceptOrder(this.viewport.session.state, where, planeOf(this.viewport), place, rect, range), DONE[where]);
  }
}

/** A brush under which every voxel takes the class that is predicted there. */
class AcceptBrush extends BrushTool {
  constructor(viewport) {
    super(viewport, "accept");
  }

  plan() {
    const { session, scene } = this.viewport;
    const { prediction, options, classes } = session.state;
    const translation = translationOf(shownAbout(session.state), classes);
    const settings = { tool: "accept", value: 0, overwrite: options.acceptOver, replaces: null, intensity: null, from_prediction: prediction, confidence: options.confidence };
    const plane = planeOf(this.viewport);
    return { settings, filter: new PredictedPatch(scene.shown, options.confidence, plane, translation), reach: new Reach("slice", 0, plane, gridOf(session.state.info)) };
  }
}

/** Give the voxels whose centre lies between two places, within rows × cols, or null. */
export function rectBetween(a, b, rows, cols) {
  const span = (x, y, length) => [Math.max(0, Math.ceil(Math.min(x, y) - 0.5)), Math.min(length, Math.ceil(Math.max(x, y) - 0.5))];
  const [r0, r1] = span(a.row, b.row, rows);
  const [c0, c1] = span(a.col, b.col, cols);
  return r0 < r1 && c0 < c1 ? { r0, r1, c0, c1 } : null;
}
