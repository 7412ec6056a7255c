// What the numbers of a prediction mean in the labels: a model that learnt from these labels means their numbers, one from elsewhere
// its classes' names (as the server has it in proposals.py).

import { UNCERTAIN, nameOf, parseColor, pixelTable } from "./palette.mjs";

/** Give a table from predicted number to class of the labels, 0 where they have none; `about` = {classes, is_ours}, null: the same. */
export function translationOf(about, classes) {
  const table = Uint8Array.from({ length: 256 }, (_, number) => (about ? 0 : number));
  if (!about) return table;
  const known = new Set(classes.map(({ id }) => id));
  const byName = new Map(classes.map(({ id, name }) => [plain(name), id]));
  for (const { id, name } of about.classes) table[id] = (about.is_ours ? known.has(id) && id : byName.get(plain(name))) || 0;
  return table;
}

/** Give the classes of a prediction that the labels do not have. */
export function foreignClasses(about, classes) {
  const table = translationOf(about, classes);
  return about?.classes.filter(({ id }) => !table[id]) ?? [];
}

/** Give a class of a prediction as the labels have it (its name and colour there), or as the model calls it, with `isForeign`. */
export function classOf(number, about, classes) {
  const own = translationOf(about, classes)[number];
  const found = classes.find(({ id }) => id === own);
  if (found) return { ...found, isForeign: false };
  const foreign = about?.classes.find(({ id }) => id === number);
  return { id: number, name: foreign?.name ?? nameOf(number, classes), color: foreign?.color ?? "#888888", isForeign: Boolean(foreign) };
}

/** Give the pixels of predicted numbers, as pixelTable does for labels; a class that the labels lack has the model's own colour. */
export function predictedPixels(about, classes, hidden, alpha) {
  const pixels = pixelTable(classes, hidden, alpha, 0);
  const translation = translationOf(about, classes);
  const table = new Uint32Array(256);
  for (let number = 1; number < UNCERTAIN; number++) table[number] = pixels[translation[number]];
  for (const { id, color } of foreignClasses(about, classes)) {
    const [r, g, b] = parseColor(color);
    table[id] = ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
  }
  return table;
}

/** Say what the numbers that are shown mean: those of the preview, or of the prediction. */
export function shownAbout({ preview, prediction, predictions }) {
  if (preview) return preview.about;
  return predictions.find(({ id }) => id === prediction) ?? null;
}

/** Say the same of the prediction that it is compared with. */
export const otherAbout = ({ compare, predictions }) => predictions.find(({ id }) => id === compare?.other) ?? null;

const plain = (name) => name.trim().toLowerCase();
