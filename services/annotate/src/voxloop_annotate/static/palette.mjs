// Class colours: Okabe and Ito's first (safe for colour-blind eyes), those that differ most in lightness first of all;
// then lighter and darker kin.

export const UNCERTAIN = 255;

export const OKABE_ITO = ["#e69f00", "#0072b2", "#f0e442", "#009e73", "#56b4e9", "#d55e00", "#cc79a7"];

const MORE = ["#ffd27a", "#b3e0ff", "#66d9b0", "#8c6100", "#7fb2ff", "#ff9a66", "#8f3d6b", "#a6a6a6"];

/** Give the first colour that no class has yet; starts again when all are taken. */
export function nextColor(classes) {
  const taken = new Set(classes.map(({ color }) => color.toLowerCase()));
  const all = [...OKABE_ITO, ...MORE];
  return all.find((color) => !taken.has(color)) ?? all[classes.length % all.length];
}

/** Give red, green and blue (0..255) of "#rrggbb". */
export function parseColor(color) {
  const word = Number.parseInt(color.slice(1), 16);
  return [(word >> 16) & 255, (word >> 8) & 255, word & 255];
}

/** Give a table of 256 pixels (ABGR words) with `alpha` 0..255 and `grey` for uncertain; hidden and unknown classes are clear. */
export function pixelTable(classes, hidden, alpha, grey) {
  const table = new Uint32Array(256);
  const put = (id, [r, g, b]) => {
    if (!hidden.has(id)) table[id] = ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
  };
  for (const { id, color } of classes) put(id, parseColor(color));
  put(UNCERTAIN, [grey, grey, grey]);
  return table;
}

/** Say in words what a stroke of `value` paints. */
export function nameOf(value, classes) {
  if (value === 0) return "unlabelled";
  if (value === UNCERTAIN) return "uncertain";
  return classes.find(({ id }) => id === value)?.name ?? `class ${value}`;
}
