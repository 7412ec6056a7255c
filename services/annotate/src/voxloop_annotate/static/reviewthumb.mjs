// A small picture of a place: the image with the prediction over it. Pictures are fetched one after the other, so that the
// slices that are looked at never wait for them.

import { getSlice } from "./api.mjs";
import { colourImage, colourPrediction } from "./colouring.mjs";
import { element } from "./element.mjs";
import { lookupFor } from "./lookup.mjs";
import { rectOf } from "./plane.mjs";
import { scaleDown } from "./rect.mjs";
import { gridOfLevel } from "./region.mjs";
import { thumbLevel } from "./review.mjs";
import { imagePath, predictionPath } from "./slicepath.mjs";
import { drawSlice } from "./slicepicture.mjs";
import { predictedPixels } from "./translation.mjs";

const SIDE_PX = 44;

const ALPHA = 110;

let queue = Promise.resolve();

/** Give a canvas on which the picture of a place appears as soon as it is there. */
export function placeThumb(session, entry) {
  const pixels = Math.round(SIDE_PX * (globalThis.devicePixelRatio || 1));
  const canvas = element("canvas", { class: "vx-review-thumb", width: pixels, height: pixels, "aria-hidden": "true" });
  queue = queue.then(() => canvas.isConnected && draw(canvas, session, entry)).catch(() => {});
  return canvas;
}

async function draw(canvas, { state }, { place, prediction }) {
  const { info, volume, layers, predictions, classes } = state;
  if (!info) return;
  const where = regionOf(info, place, canvas.width);
  const image = await getSlice(imagePath({ volume, ...where }));
  drawSlice(canvas, image, (data, rect) => colourImage(data, image, rect, lookupFor(image.dtype, layers.image)));
  if (!prediction) return;
  const numbers = await getSlice(predictionPath({ volume, ...where }, prediction, "class"));
  const table = predictedPixels(predictions.find(({ id }) => id === prediction) ?? null, classes, new Set(), ALPHA);
  const scale = gridOfLevel(info.levels, where.level, place.axis).scale;
  drawSlice(canvas, numbers, (data, rect) => colourPrediction(data, numbers, rect, table, { labels: null, scale, origin: { r0: 0, c0: 0 } }));
}

/** Give the part of a level that shows a place, as imagePath takes it. */
export function regionOf({ levels }, { axis, index, box }, pixels) {
  const level = thumbLevel(levels, { axis, index, box }, pixels);
  const { rows, cols, scale } = gridOfLevel(levels, level, axis);
  const { r0, r1, c0, c1 } = scaleDown(rectOf(axis, index, box), scale);
  return { axis, index, level, levels, region: { r0, r1: Math.min(r1, rows), c0, c1: Math.min(c1, cols) }, isWhole: false };
}
