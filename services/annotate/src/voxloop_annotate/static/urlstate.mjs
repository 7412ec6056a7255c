// The view in the address: #axis=z&index=56&zoom=3.2&center=64,64,64&labels=0.7&prediction=off&window=10,200

/** Give the hash (without #) for a state; a fitted view leaves zoom and center out, so it fits other windows too. */
export function writeHash({ axis, index, zoom, center, isFitted, layers }) {
  const parts = [`axis=${axis}`, `index=${index}`];
  if (!isFitted) parts.push(`zoom=${trim(zoom)}`, `center=${center.map(trim).join(",")}`);
  for (const name of ["labels", "prediction"]) parts.push(`${name}=${layers[name].isVisible ? trim(layers[name].opacity) : "off"}`);
  if (layers.image.isSet) parts.push(`window=${trim(layers.image.min)},${trim(layers.image.max)}`);
  return parts.join("&");
}

/** Give what a hash says; anything missing or malformed is left out. */
export function readHash(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const state = {};
  if (["z", "y", "x"].includes(fields.get("axis"))) state.axis = fields.get("axis");
  readNumbers(fields.get("index"), 1, ([index]) => Number.isInteger(index) && index >= 0 && (state.index = index));
  readNumbers(fields.get("zoom"), 1, ([zoom]) => zoom > 0 && (state.zoom = zoom));
  readNumbers(fields.get("center"), 3, (center) => (state.center = center));
  readNumbers(fields.get("window"), 2, ([min, max]) => max > min && (state.window = { min, max }));
  for (const name of ["labels", "prediction"]) readLayer(fields.get(name), (layer) => (state[name] = layer));
  return state;
}

function readNumbers(text, count, take) {
  if (!text) return;
  const numbers = text.split(",").map(Number);
  if (numbers.length === count && numbers.every(Number.isFinite)) take(numbers);
}

function readLayer(text, take) {
  if (text === "off") take({ isVisible: false });
  readNumbers(text, 1, ([opacity]) => opacity >= 0 && opacity <= 1 && take({ isVisible: true, opacity }));
}

const trim = (value) => String(Number(value.toPrecision(5)));

const DELAY_MS = 300;

/** Keep the address up to date with the session, and the session with an address that is typed; gives the end of it. */
export function followAddress(session) {
  let timer;
  const write = () => session.state.info && history.replaceState(history.state, "", `#${writeHash(session.state)}`);
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(write, DELAY_MS);
  };
  const read = () => session.state.info && session.applyWish(readHash(location.hash));
  const end = session.watch(["info", "axis", "index", "zoom", "center", "isFitted", "layers"], later);
  window.addEventListener("hashchange", read);
  return () => {
    clearTimeout(timer);
    end();
    window.removeEventListener("hashchange", read);
  };
}
