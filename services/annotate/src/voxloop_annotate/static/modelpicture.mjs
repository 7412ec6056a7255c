// A model's prediction on one slice: from a prediction of the volume that it has made, else asked from it at once. The model's own
// classes and colours are shown, whatever the labels call them by now.

import { getJson, getSlice, request, volumePath } from "./api.mjs";
import { colourImage, colourPrediction } from "./colouring.mjs";
import { element, icon, setText } from "./element.mjs";
import { Lookup, autoWindow } from "./lookup.mjs";
import { extentOf } from "./plane.mjs";
import { whole } from "./rect.mjs";
import { gridOfLevel } from "./region.mjs";
import { imagePath, predictionPath } from "./slicepath.mjs";
import { drawSlice } from "./slicepicture.mjs";
import { predictedPixels } from "./translation.mjs";
import { aspectOf } from "./view.mjs";

const PIXELS = 512;

const ALPHA = 120;

const PAGE = Math.random().toString(36).slice(2);

export class ModelPicture {
  /** `subject` = {model: "name:version", classes, volume, prediction: id or null, isRunnable}; `client` keeps its questions apart from others'. */
  constructor(subject, client = "picture") {
    Object.assign(this, { subject, client, turn: 0 });
    this.canvas = element("canvas", { class: "vx-picture-canvas", role: "img" });
    this.note = element("div", { class: "vx-picture-note", role: "status" });
    this.cover = element("div", { class: "vx-picture-cover" }, icon("busy"), element("span"));
    this.node = element("figure", { class: "vx-picture" }, element("div", { class: "vx-picture-frame" }, this.canvas, this.cover), this.note);
  }

  /** Draw slice `index` along `axis` of the volume `info`. A later call wins. */
  async show(info, axis, index) {
    const turn = (this.turn += 1);
    const isLate = () => turn !== this.turn;
    const place = placeOf(info, axis, index);
    this.#wait("the slice");
    try {
      const image = await getSlice(imagePath({ volume: info.id, ...place }));
      if (isLate()) return;
      this.#size(info, axis);
      const lookup = new Lookup(image.dtype, ...Object.values(autoWindow(info.intensity)));
      drawSlice(this.canvas, image, (pixels, rect) => colourImage(pixels, image, rect, lookup), this.aspect);
      this.#wait(this.subject.prediction ? "the prediction" : `${this.subject.model} to answer`);
      const numbers = await this.#answer(info, place);
      if (isLate()) return;
      const table = predictedPixels({ classes: this.subject.classes, is_ours: false }, [], new Set(), ALPHA);
      const scale = gridOfLevel(info.levels, place.level, axis).scale;
      drawSlice(this.canvas, numbers, (pixels, rect) => colourPrediction(pixels, numbers, rect, table, { labels: null, scale, origin: { r0: 0, c0: 0 } }), this.aspect);
      this.#tell(this.subject.prediction ? "" : "A preview, asked from the model now; nothing of it is kept.");
      this.canvas.setAttribute("aria-label", `${this.subject.model} on ${info.name}, ${axis} ${index}`);
    } catch (error) {
      if (!isLate() && error.type !== "Superseded") this.#tell(`No prediction to show: ${error.message}`, true);
    }
  }

  #answer(info, place) {
    const { prediction, model } = this.subject;
    if (prediction) return getSlice(predictionPath({ volume: info.id, ...place }, prediction, "class"));
    return askPreview(info.id, { model, axis: place.axis, index: place.index, level: place.level, client: `${PAGE}-${this.client}` });
  }

  #size(info, axis) {
    const { rows, cols } = extentOf(axis, info.shape);
    const { row, col } = aspectOf({ voxelSize: info.voxel_size }, axis);
    this.aspect = col / row;
    const zoom = Math.min(1, PIXELS / Math.max(rows, cols * this.aspect));
    const factor = Math.max(1, Math.floor(PIXELS / Math.max(rows, cols * this.aspect)));
    this.canvas.width = Math.round(cols * this.aspect * zoom * factor);
    this.canvas.height = Math.round(rows * zoom * factor);
  }

  #wait(what) {
    this.cover.hidden = false;
    setText(this.cover.lastChild, `Waiting for ${what}…`);
    this.#say("", false);
  }

  #tell(text, isProblem = false) {
    this.cover.hidden = true;
    this.#say(text, isProblem);
    this.node.dataset.state = isProblem ? "problem" : "shown";
  }

  #say(text, isProblem) {
    delete this.node.dataset.state;
    this.note.toggleAttribute("data-problem", isProblem);
    setText(this.note, text);
  }
}

/** Give the whole slice on the coarsest level that is sharp enough, as imagePath takes it. */
export function placeOf({ levels }, axis, index) {
  let level = 0;
  levels.forEach((_, each) => {
    const { rows, cols } = gridOfLevel(levels, each, axis);
    if (Math.max(rows, cols) >= PIXELS) level = each;
  });
  const { rows, cols } = gridOfLevel(levels, level, axis);
  return { axis, index, level, levels, region: whole(rows, cols), isWhole: true };
}

/** Give the volume, or null where it is not (or no longer) in this workspace. */
export const findVolume = (id) => getJson(volumePath(id)).catch(() => null);

async function askPreview(volume, order) {
  const answer = await request(volumePath(volume, "/preview"), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order) });
  const [rows, cols] = answer.headers.get("X-Shape").split(",").map(Number);
  return { data: new Uint8Array(await answer.arrayBuffer()).subarray(0, rows * cols), rows, cols };
}
