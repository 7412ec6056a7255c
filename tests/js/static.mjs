// Where the modules under test lie, and numbers that look random but are the same in every run.

const FOLDER = new URL("../../services/annotate/src/voxloop_annotate/static/", import.meta.url);

export const load = (name) => import(new URL(`${name}.mjs`, FOLDER).href);

/** Give a function that returns the next number in [0, 1) (mulberry32). */
export function makeRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const pick = (random, list) => list[Math.floor(random() * list.length)];

export const integer = (random, low, high) => low + Math.floor(random() * (high - low + 1));
