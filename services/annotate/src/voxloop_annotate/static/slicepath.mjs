// Where the pixels of a place come from: {volume, axis, index, level, region, isWhole} as an address of the service.

import { volumePath } from "./api.mjs";
import { gridOfLevel } from "./region.mjs";

/** Give the address of the image at `place`. */
export const imagePath = (place) => volumePath(place.volume, `/slice?${query(place)}`);

/** Give the address of a layer of a prediction at `place`; one that is still being written has another address whenever it has grown. */
export const predictionPath = (place, prediction, layer) => volumePath(place.volume, `/predictions/${encodeURIComponent(prediction)}/${layer}?${query(place)}${revisionOf(place)}`);

const revisionOf = ({ overlays }) => (overlays?.revision ? `&revision=${encodeURIComponent(overlays.revision)}` : "");

// The server ends what this page has asked for a plane as soon as it asks again.
const PAGE = Math.random().toString(36).slice(2);

/** Give the address of the classes at `place` as a chain would make them; `chain` = {source, json}. */
export const chainedPath = (place, { source, json }) => volumePath(place.volume, `/predictions/${encodeURIComponent(source)}/chained?${query(place)}&client=${PAGE}-${place.axis}&chain=${encodeURIComponent(json)}`);

// Slices that fall into one of a coarse level have one address, so that they are fetched once.
function query({ axis, index, level, levels, region: { r0, r1, c0, c1 }, isWhole }) {
  const { step } = gridOfLevel(levels, level, axis);
  const plane = `axis=${axis}&index=${index - (index % step)}&level=${level}`;
  return isWhole ? plane : `${plane}&y0=${r0}&y1=${r1}&x0=${c0}&x1=${c1}`;
}
