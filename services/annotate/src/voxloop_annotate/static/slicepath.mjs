// Where the pixels of a place come from: {volume, axis, index, level, region, isWhole} as an address of the service.

import { volumePath } from "./api.mjs";
import { gridOfLevel } from "./region.mjs";

/** Give the address of the image at `place`. */
export const imagePath = (place) => volumePath(place.volume, `/slice?${query(place)}`);

/** Give the address of "class" or "confidence" of a prediction at `place`. */
export const predictionPath = (place, prediction, layer) => volumePath(place.volume, `/predictions/${encodeURIComponent(prediction)}/${layer}?${query(place)}`);

// Slices that fall into one of a coarse level have one address, so that they are fetched once.
function query({ axis, index, level, levels, region: { r0, r1, c0, c1 }, isWhole }) {
  const { step } = gridOfLevel(levels, level, axis);
  const plane = `axis=${axis}&index=${index - (index % step)}&level=${level}`;
  return isWhole ? plane : `${plane}&y0=${r0}&y1=${r1}&x0=${c0}&x1=${c1}`;
}
