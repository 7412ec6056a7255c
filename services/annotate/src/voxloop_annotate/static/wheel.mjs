// The wheel over a plane: slices, with ctrl zoom, with shift or alt the size of the brush.

import { pointOf } from "./contact.mjs";

const SLICE_STEP_PX = 60;

const ZOOM_PER_PX = 1.0022;

const MOST_ZOOM_PX = 240;

export class Wheel {
  constructor(viewport) {
    Object.assign(this, { viewport, session: viewport.session, sum: 0 });
  }

  turn(event) {
    const pixels = event.deltaMode === 1 ? event.deltaY * 20 : event.deltaY || event.deltaX;
    if (event.ctrlKey || event.metaKey) return this.#zoom(event, pixels);
    if (event.shiftKey || event.altKey) return this.session.stepBrush(pixels < 0 ? 1 : -1);
    return this.#stepSlices(pixels);
  }

  #zoom(event, pixels) {
    const { x, y } = pointOf(this.viewport.canvas, event);
    const limited = Math.max(-MOST_ZOOM_PX, Math.min(MOST_ZOOM_PX, pixels));
    this.session.setView(this.viewport.view.zoomAt(x, y, ZOOM_PER_PX ** -limited));
  }

  // A notch of a wheel is one slice; a touch pad's many small steps add up to one.
  #stepSlices(pixels) {
    if (Math.abs(pixels) >= SLICE_STEP_PX) this.sum = Math.sign(pixels) * SLICE_STEP_PX;
    else this.sum += pixels;
    const steps = Math.trunc(this.sum / SLICE_STEP_PX);
    this.sum -= steps * SLICE_STEP_PX;
    if (steps) this.session.stepIndex(steps, this.viewport.axis);
  }
}
