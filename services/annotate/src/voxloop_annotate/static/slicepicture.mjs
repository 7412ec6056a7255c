// Slices drawn onto a canvas, one over the other: each at its own size first, then stretched to that of the canvas, its shape kept.

import { whole } from "./rect.mjs";

/** Draw a slice {rows, cols} over what is on `canvas`; `colour(pixels, rect)` fills ABGR words. `aspect` = columns' width in heights of rows. */
export function drawSlice(canvas, { rows, cols }, colour, aspect = 1) {
  const own = new OffscreenCanvas(cols, rows);
  const pixels = new ImageData(cols, rows);
  colour(new Uint32Array(pixels.data.buffer), whole(rows, cols));
  own.getContext("2d").putImageData(pixels, 0, 0);
  const scale = Math.min(canvas.width / (cols * aspect), canvas.height / rows);
  const [width, height] = [cols * aspect * scale, rows * scale];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(own, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
