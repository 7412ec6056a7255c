// Where and how a mouse, pen or finger touches a plane, and what it finds there.

/** Make a contact: `point` {x, y} on the screen, `place` {row, col} on the plane (fractions of voxels), modifiers, pressure 0..1 or null. */
export function makeContact(viewport, event) {
  const point = pointOf(viewport.canvas, event);
  return {
    point,
    place: placeAt(viewport, point),
    isShift: event.shiftKey,
    pressure: event.pointerType === "pen" ? event.pressure : null,
    time: event.timeStamp,
  };
}

/** Give the point of an event on the canvas; coalesced events carry no offset of their own. */
export function pointOf(canvas, event) {
  const { left, top } = canvas.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

/** Give the row and column (fractions) of the plane at a point of the screen. */
export const placeAt = ({ view }, { x, y }) => ({ row: view.row(y), col: view.col(x) });

/** Say whether a place lies on the plane. */
export function isInside({ view }, { row, col }) {
  return row >= 0 && col >= 0 && row < view.extent.rows && col < view.extent.cols;
}

/** Give {axis, index} of the plane that a viewport shows. */
export const planeOf = ({ axis, index }) => ({ axis, index });

/** Give the intensities on the screen if they are those of level 0, else null: {data, rows, cols, origin: {r0, c0}}. */
export function finePatch(viewport) {
  const patch = viewport.imagePatch();
  return patch && patch.scale.every((factor) => factor === 1) ? patch : null;
}

/** Give the intensity on the screen at a place, or null if there is none; of a coarse level where that is shown. */
export function intensityAt(viewport, { row, col }) {
  const patch = viewport.imagePatch();
  if (!patch) return null;
  const { data, rows, cols, scale, origin } = patch;
  const [r, c] = [Math.floor(row / scale[0]) - origin.r0, Math.floor(col / scale[1]) - origin.c0];
  return r >= 0 && c >= 0 && r < rows && c < cols ? data[r * cols + c] : null;
}
