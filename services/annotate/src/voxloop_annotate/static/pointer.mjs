// The pointer on the image: paint, pan, zoom, change slice, window and level.

import { sweepBrush } from "./brush.mjs";
import { dragWindow } from "./lookup.mjs";

const SLICE_STEP_PX = 60;

const ZOOM_PER_PX = 1.0022;

const PASSIVE = { passive: false };

export class Pointer {
  constructor(viewport) {
    this.viewport = viewport;
    this.session = viewport.session;
    this.canvas = viewport.canvas;
    this.gesture = null;
    this.isSpaceHeld = false;
    this.wheel = 0;
    this.listeners = new AbortController();
    this.#listen();
  }

  close() {
    this.#end();
    this.listeners.abort();
    this.viewport.cursor.end();
  }

  #listen() {
    const { signal } = this.listeners;
    const on = (target, type, act, options = {}) => target.addEventListener(type, act, { signal, ...options });
    on(this.canvas, "pointerdown", (event) => this.#start(event));
    on(this.canvas, "pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) on(this.canvas, type, (event) => this.#up(event));
    on(this.canvas, "pointerleave", () => this.#leave());
    on(this.canvas, "wheel", (event) => this.#onWheel(event), PASSIVE);
    on(this.canvas, "contextmenu", (event) => event.preventDefault());
    on(window, "keydown", (event) => this.#onSpace(event, true));
    on(window, "keyup", (event) => this.#onSpace(event, false));
    on(window, "blur", () => this.#holdSpace(false));
  }

  #start(event) {
    if (this.gesture || !this.viewport.view) return;
    this.canvas.focus({ preventScroll: true });
    const act = this.#choose(event);
    if (!act) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.gesture = { ...act, id: event.pointerId, last: this.#pointOf(event) };
    this.canvas.dataset.gesture = act.name;
    this.gesture.begin?.(event);
  }

  #choose(event) {
    const { tool } = this.session.state;
    if (event.button === 2) return { name: "window", move: (dx, dy) => this.#dragWindow(dx, dy) };
    if (event.button === 1 || (event.button === 0 && (this.isSpaceHeld || tool === "pan"))) {
      return { name: "pan", move: (dx, dy) => this.session.setView({ center: this.viewport.view.panBy(dx, dy) }) };
    }
    return event.button === 0 ? this.#paintGesture() : null;
  }

  #paintGesture() {
    const live = this.viewport.beginStroke();
    if (!live) return void this.session.say(this.session.state.classId === null ? "add a class first" : "this slice is still loading");
    return {
      name: "paint",
      live,
      begin: (event) => this.#paint([event]),
      draw: (event) => this.#paint(event.getCoalescedEvents?.() ?? []),
    };
  }

  #move(event) {
    const point = this.#pointOf(event);
    this.#follow(point);
    if (!this.gesture || event.pointerId !== this.gesture.id) return;
    const { last } = this.gesture;
    this.gesture.draw?.(event);
    this.gesture.move?.(point.x - last.x, point.y - last.y);
    this.gesture.last = point;
  }

  #up(event) {
    if (event.pointerId === this.gesture?.id) this.#end();
  }

  #end() {
    const { gesture } = this;
    this.gesture = null;
    delete this.canvas.dataset.gesture;
    if (gesture?.live) this.viewport.annotation.end(gesture.live);
  }

  #leave() {
    if (this.gesture) return;
    this.viewport.cursor.move(null);
    this.viewport.readout.move(null);
  }

  #follow(point) {
    const { view, cursor, readout } = this.viewport;
    cursor.move(point);
    if (!view) return;
    const { row, col } = this.#planePoint(point);
    const { rows, cols } = view.extent;
    readout.move(row >= 0 && col >= 0 && row < rows && col < cols ? { row, col } : null);
  }

  #paint(events) {
    const { view } = this.viewport;
    const { gesture } = this;
    const spans = [];
    for (const event of events) {
      const to = this.#planePoint(this.#pointOf(event));
      const { rows, cols } = view.extent;
      spans.push(...sweepBrush(gesture.tip ?? to, to, this.session.state.brushSize, view.aspect, rows, cols));
      gesture.tip = to;
    }
    if (spans.length) this.viewport.extendStroke(gesture.live, spans);
  }

  // Coalesced events carry no offset of their own, so the canvas' place is taken off here.
  #pointOf(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #planePoint({ x, y }) {
    const { view } = this.viewport;
    return { row: view.row(y), col: view.col(x) };
  }

  #dragWindow(dx, dy) {
    const { layers, info } = this.session.state;
    const { min, max } = info.intensity;
    this.session.setLayer("image", { ...dragWindow(layers.image, max - min || 1, dx, dy), isSet: true });
  }

  #onWheel(event) {
    event.preventDefault();
    if (!this.viewport.view || this.gesture?.live) return;
    const pixels = event.deltaMode === 1 ? event.deltaY * 20 : event.deltaY || event.deltaX;
    if (event.ctrlKey || event.metaKey) return this.#zoom(event, pixels);
    if (event.shiftKey || event.altKey) return this.session.stepBrush(pixels < 0 ? 1 : -1);
    this.#stepSlices(pixels);
  }

  #zoom(event, pixels) {
    const { x, y } = this.#pointOf(event);
    this.session.setView(this.viewport.view.zoomAt(x, y, ZOOM_PER_PX ** -Math.max(-240, Math.min(240, pixels))));
  }

  // A notch of a wheel is one slice; a touch pad's many small steps add up to one.
  #stepSlices(pixels) {
    if (Math.abs(pixels) >= SLICE_STEP_PX) {
      this.wheel = 0;
      return this.session.stepIndex(Math.sign(pixels));
    }
    this.wheel += pixels;
    const steps = Math.trunc(this.wheel / SLICE_STEP_PX);
    this.wheel -= steps * SLICE_STEP_PX;
    if (steps) this.session.stepIndex(steps);
  }

  #onSpace(event, isDown) {
    if (event.code !== "Space" || isControl(event.target)) return;
    event.preventDefault();
    this.#holdSpace(isDown);
  }

  #holdSpace(isHeld) {
    this.isSpaceHeld = isHeld;
    this.canvas.toggleAttribute("data-pan", isHeld);
    this.viewport.cursor.isOff = isHeld;
    this.viewport.cursor.update();
  }
}

/** Say whether keys typed there belong to the element itself. */
export function isControl(target) {
  return target instanceof Element && Boolean(target.closest("input:not([type=range]), textarea, select, button, a, [contenteditable], [role=dialog], [role=combobox], [role=listbox]"));
}

