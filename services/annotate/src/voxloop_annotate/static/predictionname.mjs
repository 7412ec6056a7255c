// What a prediction is called in lists and tags.

import { agoText } from "./time.mjs";

/** Give the model, what was done to its answer, and how long ago: "nerve:2 · post-processed · 5 min". */
export function predictionName(about) {
  if (!about) return "no prediction";
  const { model, chain, created } = about;
  return [`${model.name}:${model.version}`, chain ? "post-processed" : "", agoText(new Date(created))].filter(Boolean).join(" · ");
}
