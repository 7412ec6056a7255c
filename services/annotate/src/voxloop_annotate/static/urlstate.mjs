// The view in the address: #axis=z&index=56&at=56,40,81&layout=three&zoom=3.2&center=56,64,64&labels=0.7&prediction=off&window=10,200
// What is as it is by default is left out, so that a short view has a short link.

import { writeFragment } from "./address.mjs";
import { AXES } from "./plane.mjs";
import { Throttle } from "./throttle.mjs";

const OVERLAYS = { labels: null, prediction: null, confidence: false, uncertainty: false, difference: false };

const GAMMA = [0.1, 10];

/** Give the hash (without #) for a state; a fitted view leaves zoom and center out, so it fits other windows too. */
export function writeHash(state) {
  const { axis, index, indices, zoom, center, isFitted, layout, isCrosshairShown, hiddenClasses } = state;
  const parts = [`axis=${axis}`, `index=${index}`, `at=${indices.join(",")}`, `layout=${layout}`];
  if (!isCrosshairShown) parts.push("crosshair=off");
  if (!isFitted) parts.push(`zoom=${trim(zoom)}`, `center=${center.map(trim).join(",")}`);
  if (hiddenClasses.size) parts.push(`hidden=${[...hiddenClasses].join(",")}`);
  return [...parts, ...layerParts(state.layers)].join("&");
}

/** Give what a hash says, as Session.applyWish takes it; anything missing or malformed is left out. */
export function readHash(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const wish = {};
  const layers = {};
  if (AXES.includes(fields.get("axis"))) wish.axis = fields.get("axis");
  if (["one", "three"].includes(fields.get("layout"))) wish.layout = fields.get("layout");
  if (["on", "off"].includes(fields.get("crosshair"))) wish.isCrosshairShown = fields.get("crosshair") === "on";
  readNumbers(fields.get("index"), 1, ([index]) => isPlace(index) && (wish.index = index));
  readNumbers(fields.get("at"), 3, (indices) => indices.every(isPlace) && (wish.indices = indices));
  readNumbers(fields.get("zoom"), 1, ([zoom]) => zoom > 0 && (wish.zoom = zoom));
  readNumbers(fields.get("center"), 3, (center) => (wish.center = center));
  readNumbers(fields.get("hidden"), null, (ids) => ids.every(isPlace) && (wish.hidden = ids));
  for (const name of Object.keys(OVERLAYS)) readOverlay(fields.get(name), (layer) => (layers[name] = layer));
  readContours(fields.get("contour"), layers);
  readImage(fields, (image) => (layers.image = image));
  return Object.keys(layers).length ? { ...wish, layers } : wish;
}

function layerParts(layers) {
  const parts = [];
  for (const [name, usual] of Object.entries(OVERLAYS)) {
    const { isVisible, opacity } = layers[name];
    if (isVisible !== usual) parts.push(`${name}=${isVisible ? trim(opacity) : "off"}`);
  }
  const contours = ["labels", "prediction"].filter((name) => layers[name].isContour);
  if (contours.length) parts.push(`contour=${contours.join(",")}`);
  const { image } = layers;
  if (image.isSet) parts.push(`window=${trim(image.min)},${trim(image.max)}`);
  if (image.gamma !== 1) parts.push(`gamma=${trim(image.gamma)}`);
  for (const [field, word] of [["isInverted", "invert=on"], ["isSmooth", "smooth=on"]]) if (image[field]) parts.push(word);
  if (!image.isVisible) parts.push("image=off");
  return parts;
}

function readImage(fields, take) {
  const image = {};
  readNumbers(fields.get("window"), 2, ([min, max]) => max > min && Object.assign(image, { min, max, isSet: true }));
  readNumbers(fields.get("gamma"), 1, ([gamma]) => gamma >= GAMMA[0] && gamma <= GAMMA[1] && (image.gamma = gamma));
  for (const [name, field] of [["invert", "isInverted"], ["smooth", "isSmooth"], ["image", "isVisible"]]) {
    if (["on", "off"].includes(fields.get(name))) image[field] = fields.get(name) === "on";
  }
  if (Object.keys(image).length) take(image);
}

function readContours(text, layers) {
  for (const name of (text ?? "").split(",")) if (name === "labels" || name === "prediction") layers[name] = { ...layers[name], isContour: true };
}

function readOverlay(text, take) {
  if (text === "off") take({ isVisible: false });
  readNumbers(text, 1, ([opacity]) => opacity >= 0 && opacity <= 1 && take({ isVisible: true, opacity }));
}

function readNumbers(text, count, take) {
  if (!text) return;
  const numbers = text.split(",").map(Number);
  if ((count === null || numbers.length === count) && numbers.every(Number.isFinite)) take(numbers);
}

const isPlace = (value) => Number.isInteger(value) && value >= 0;

const trim = (value) => String(Number(value.toPrecision(5)));

const PERIOD_MS = 200; // browsers refuse to be told more than 200 addresses in 30 seconds

const KEYS = ["info", "axis", "indices", "zoom", "center", "isFitted", "layers", "layout", "isCrosshairShown", "hiddenClasses"];

/** Keep the address up to date with the session, and the session with an address that is typed; gives the end of it. */
export function followAddress(session) {
  const write = () => session.state.info && writeFragment(writeHash(session.state));
  const address = new Throttle(write, PERIOD_MS);
  const read = () => session.state.info && session.applyWish(readHash(location.hash));
  let wait = null;
  // telling the browser, and through it Dash, takes ten milliseconds, which a slice that is on its way would be late
  const end = session.watch([...KEYS, "painted"], ({ axis, index, painted }) => {
    clearTimeout(wait);
    const isShown = painted?.axis === axis && painted.index === index;
    if (isShown) address.push({});
    else wait = setTimeout(() => address.push({}), PERIOD_MS);
  });
  window.addEventListener("hashchange", read);
  return () => {
    clearTimeout(wait);
    address.close();
    end();
    window.removeEventListener("hashchange", read);
  };
}
