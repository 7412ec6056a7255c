// A perceptually uniform map of 256 colours: viridis (Stéfan van der Walt and Nathaniel Smith, CC0), from 16 of its colours.

const VIRIDIS =
  "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725";

const STOPS = VIRIDIS.split(" ").map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));

/** Give red, green and blue (0..255) of `share` 0..1. */
export function viridis(share) {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(place));
  return STOPS[low].map((value, i) => Math.round(value + (STOPS[low + 1][i] - value) * (place - low)));
}

/** Give the map as 256 opaque pixels (ABGR words). */
export function viridisTable() {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = viridis(i / 255);
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/** Give the map as a CSS gradient from left to right. */
export const viridisGradient = () => `linear-gradient(90deg, ${STOPS.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;
