import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom, pick } from "./static.mjs";

const { colourConfidence, colourDifference, colourLabels, colourPrediction } = await load("colouring");
const { viridis, viridisTable } = await load("colormap");
const { OKABE_ITO, pixelTable } = await load("palette");

const CLASSES = [{ id: 1, color: "#e69f00" }, { id: 2, color: "#56b4e9" }];
const fill = pixelTable(CLASSES, new Set(), 165, 70);
const edge = pixelTable(CLASSES, new Set(), 255, 220);
const whole = { r0: 0, r1: 8, c0: 0, c1: 8 };
const AT_ORIGIN = { scale: [1, 1], origin: { r0: 0, c0: 0 } };

// A square of class 1 over rows and columns 2…6 of a plane of 8 × 8.
function square(value = 1) {
  const data = new Uint8Array(64);
  for (let r = 2; r < 7; r++) data.fill(value, r * 8 + 2, r * 8 + 7);
  return { data, rows: 8, cols: 8 };
}

function labelPixels(slice, style, rect = whole) {
  const pixels = new Uint32Array((rect.r1 - rect.r0) * (rect.c1 - rect.c0));
  return { seen: colourLabels(pixels, slice, rect, { fill, edge }, style), pixels };
}

test("filled labels are strong along their edge and translucent inside", () => {
  const { pixels, seen } = labelPixels(square());
  assert.ok(seen);
  assert.deepEqual([pixels[0], pixels[2 * 8 + 2], pixels[4 * 8 + 4]], [0, edge[1], fill[1]]);
});

test("contours leave the inside clear and are as wide as asked for", () => {
  const thin = labelPixels(square(), { isContour: true, width: 1 }).pixels;
  assert.equal(thin.filter((pixel) => pixel === edge[1]).length, 16);
  assert.equal(thin[3 * 8 + 3], 0);
  const wide = labelPixels(square(), { isContour: true, width: 2 }).pixels;
  assert.equal(wide.filter((pixel) => pixel === edge[1]).length, 24);
  assert.equal(wide[4 * 8 + 4], 0);
});

test("no label is overlooked, wherever a rectangle begins and ends", () => {
  const [rows, cols] = [5, 37];
  const random = makeRandom(5);
  for (const offset of [0, 1]) {
    const data = new Uint8Array(new ArrayBuffer(rows * cols + offset), offset);
    for (let n = 0; n < rows * cols; n++) {
      data.fill(0)[n] = 1;
      const [c0, r0] = [integer(random, 0, cols - 1), integer(random, 0, rows - 1)];
      const rect = { r0, r1: integer(random, r0 + 1, rows), c0, c1: integer(random, c0 + 1, cols) };
      const [r, c] = [Math.floor(n / cols), n % cols];
      const { seen, pixels } = labelPixels({ data, rows, cols }, {}, rect);
      const isInside = r >= rect.r0 && r < rect.r1 && c >= rect.c0 && c < rect.c1;
      assert.equal(seen, isInside);
      if (isInside) assert.notEqual(pixels[(r - rect.r0) * (rect.c1 - rect.c0) + c - rect.c0], 0);
    }
  }
});

test("uncertain is hatched, and hidden classes are not seen", () => {
  const hatched = labelPixels(square(255)).pixels;
  assert.ok(new Set(hatched.filter((pixel) => pixel)).size === 2);
  const hidden = { fill: pixelTable(CLASSES, new Set([1]), 165, 70), edge: pixelTable(CLASSES, new Set([1]), 255, 220) };
  assert.equal(colourLabels(new Uint32Array(64), square(), whole, hidden), false);
});

test("any rectangle is coloured as that part of the whole is", () => {
  const random = makeRandom(3);
  const slice = { data: Uint8Array.from({ length: 64 }, () => pick(random, [0, 0, 1, 2, 255])), rows: 8, cols: 8 };
  for (const style of [{}, { isContour: true, width: 1 }, { isContour: true, width: 3 }]) {
    const all = labelPixels(slice, style).pixels;
    for (let n = 0; n < 50; n++) {
      const [r0, c0] = [integer(random, 0, 7), integer(random, 0, 7)];
      const rect = { r0, r1: integer(random, r0 + 1, 8), c0, c1: integer(random, c0 + 1, 8) };
      const part = labelPixels(slice, style, rect).pixels;
      const { length } = part;
      const width = rect.c1 - rect.c0;
      for (let i = 0; i < length; i++) assert.equal(part[i], all[(r0 + Math.floor(i / width)) * 8 + c0 + (i % width)]);
    }
  }
});

test("a prediction is clear below labels, wherever its part of a coarse level lies", () => {
  const labels = { data: new Uint8Array(16 * 16), rows: 16, cols: 16 };
  labels.data[13 * 16 + 11] = 1;
  const prediction = { data: new Uint8Array(16).fill(2), rows: 4, cols: 4 };
  const pixels = new Uint32Array(16);
  colourPrediction(pixels, prediction, { r0: 0, r1: 4, c0: 0, c1: 4 }, edge, { labels, scale: [2, 2], origin: { r0: 4, c0: 4 } });
  const clear = [...pixels.keys()].filter((i) => pixels[i] === 0);
  assert.deepEqual(clear, [2 * 4 + 1]);
});

test("contours of a prediction are dashed and leave its inside clear", () => {
  const size = 32;
  const data = new Uint8Array(size * size);
  for (let r = 4; r < 28; r++) data.fill(1, r * size + 4, r * size + 28);
  const pixels = new Uint32Array(size * size);
  colourPrediction(pixels, { data, rows: size, cols: size }, { r0: 0, r1: size, c0: 0, c1: size }, edge, { labels: null, ...AT_ORIGIN, isContour: true });
  const seen = pixels.filter((pixel) => pixel === edge[1]).length;
  assert.ok(seen > 30 && seen < 4 * 24 - 4, String(seen));
  assert.equal(pixels[16 * size + 16], 0);
});

test("the difference marks labelled voxels predicted otherwise, and nothing else", () => {
  const labels = { data: Uint8Array.from([0, 1, 1, 2, 255, 0]), rows: 1, cols: 6 };
  const prediction = { data: Uint8Array.from([1, 1, 2, 1, 1, 0]), rows: 1, cols: 6 };
  const pixels = new Uint32Array(6);
  const rect = { r0: 0, r1: 1, c0: 0, c1: 6 };
  assert.equal(colourDifference(pixels, prediction, rect, edge, [7, 9], { labels, ...AT_ORIGIN }), true);
  assert.deepEqual([...pixels].map(Boolean), [false, false, true, true, false, false]);
  const hidden = pixelTable(CLASSES, new Set([1, 2]), 255, 220);
  assert.equal(colourDifference(pixels, prediction, rect, hidden, [7, 9], { labels, ...AT_ORIGIN }), false);
});

test("confidence goes through the map, from dark to light", () => {
  const table = viridisTable();
  const pixels = new Uint32Array(3);
  colourConfidence(pixels, { data: Uint8Array.from([0, 1, 255]), rows: 1, cols: 3 }, { r0: 0, r1: 1, c0: 0, c1: 3 }, table);
  assert.deepEqual([...pixels], [0, table[1], table[255]]);
  const lightness = Array.from({ length: 256 }, (_, i) => viridis(i / 255)).map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
  assert.ok(lightness.every((value, i) => i === 0 || value >= lightness[i - 1] - 0.5));
});

test("the first colours of the palette differ in lightness from each other, the others from the one before", () => {
  const lightness = OKABE_ITO.map((color) => {
    const [r, g, b] = [1, 3, 5].map((at) => (Number.parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
    return 116 * Math.cbrt(0.2126 * r + 0.7152 * g + 0.0722 * b) - 16;
  });
  const far = (i, j, least) => assert.ok(Math.abs(lightness[i] - lightness[j]) > least, `${OKABE_ITO[i]} ${OKABE_ITO[j]}`);
  for (let i = 0; i < 4; i++) for (let j = 0; j < i; j++) far(i, j, 10);
  for (let i = 4; i < lightness.length; i++) far(i, i - 1, 6);
});
