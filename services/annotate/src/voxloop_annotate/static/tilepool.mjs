// Canvases of one size for the tiles of all layers: made once, cleared and lent out again.

export const TILE_PX = 512;

// 64 tiles are 64 MiB: two layers of 2048² voxels. More are left to the browser's garbage collector.
const MOST_KEPT = 64;

const free = [];

/** Give an empty canvas of TILE_PX² with its context. */
export function takeTile() {
  const tile = free.pop() ?? makeTile();
  tile.context.clearRect(0, 0, TILE_PX, TILE_PX);
  return tile;
}

/** Take back a canvas that is no longer drawn. */
export function giveTile(tile) {
  if (free.length < MOST_KEPT) free.push(tile);
}

const words = new Uint32Array(TILE_PX * TILE_PX);

/** Give {image, pixels} of width × height (at most a tile) to fill and put at once: the next call overwrites them. */
export function scratch(width, height) {
  const pixels = words.subarray(0, width * height);
  const bytes = new Uint8ClampedArray(words.buffer, 0, width * height * 4);
  return { pixels, image: new ImageData(bytes, width, height) };
}

function makeTile() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = TILE_PX;
  return { canvas, context: canvas.getContext("2d") };
}
