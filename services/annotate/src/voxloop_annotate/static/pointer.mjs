// Mouse, pen and fingers on a plane: which tool or gesture they mean, and the hand-over between them.

import { isInside, makeContact, pointOf } from "./contact.mjs";
import { dragWindow } from "./lookup.mjs";
import { dragImage } from "./pantool.mjs";
import { Pinch } from "./pinch.mjs";
import { ToolSet } from "./tools.mjs";
import { Wheel } from "./wheel.mjs";

const PASSIVE = { passive: false };

// The other end of a pen.
const PEN_ERASER = 5;

export class Pointer {
  constructor(viewport) {
    Object.assign(this, { viewport, session: viewport.session, canvas: viewport.canvas });
    Object.assign(this, { gesture: null, pinch: null, touches: new Map(), isSpaceHeld: false });
    this.tools = viewport.tools = new ToolSet(viewport);
    this.wheel = new Wheel(viewport);
    this.listeners = new AbortController();
    this.#listen();
  }

  close() {
    this.#finish(true);
    this.listeners.abort();
    this.tools.close();
    this.viewport.cursor.end();
  }

  #listen() {
    const { signal } = this.listeners;
    const on = (target, type, act, options = {}) => target.addEventListener(type, act, { signal, ...options });
    on(this.canvas, "pointerdown", (event) => this.#onDown(event));
    on(this.canvas, "pointermove", (event) => this.#onMove(event));
    for (const type of ["pointerup", "lostpointercapture"]) on(this.canvas, type, (event) => this.#onUp(event, true));
    on(this.canvas, "pointercancel", (event) => this.#onUp(event, false));
    on(this.canvas, "pointerleave", () => this.#leave());
    on(this.canvas, "wheel", (event) => this.#onWheel(event), PASSIVE);
    on(this.canvas, "contextmenu", (event) => event.preventDefault());
    on(window, "keydown", (event) => this.#onSpace(event, true));
    on(window, "keyup", (event) => this.#onSpace(event, false));
    on(window, "blur", () => this.#holdSpace(false));
  }

  #onDown(event) {
    if (!this.viewport.view) return;
    this.canvas.focus({ preventScroll: true });
    if (event.pointerType === "touch") this.touches.set(event.pointerId, pointOf(this.canvas, event));
    if (this.touches.size > 1) return void this.#startPinch(event);
    if (!this.gesture && !this.pinch) this.#start(event);
  }

  #start(event) {
    const contact = makeContact(this.viewport, event);
    this.#follow(contact);
    const gesture = this.#choose(event, contact);
    if (!gesture) return this.viewport.cursor.update();
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.gesture = { ...gesture, id: event.pointerId };
    this.canvas.dataset.gesture = gesture.name;
    this.viewport.cursor.update();
  }

  #choose(event, contact) {
    const { tools } = this;
    if (event.button === 2) return this.#windowGesture(contact);
    if (event.button === 1 || (event.button === 0 && this.isSpaceHeld)) return dragImage(this.viewport, contact);
    if (event.button === PEN_ERASER) return tools.of("erase").press(contact);
    if (event.button !== 0) return null;
    if (event.ctrlKey || event.metaKey) return this.viewport.crosshair.press(contact);
    return (event.altKey ? tools.of("pick") : tools.current).press(contact);
  }

  #windowGesture({ point }) {
    let last = point;
    const move = (contacts) => {
      const to = contacts.at(-1).point;
      const { layers, info } = this.session.state;
      const { min, max } = info.intensity;
      this.session.setLayer("image", { ...dragWindow(layers.image, max - min || 1, to.x - last.x, to.y - last.y), isSet: true });
      last = to;
    };
    return { name: "window", move, end() {}, cancel() {} };
  }

  // One finger may have begun to paint before the second came: that was not meant.
  #startPinch(event) {
    event.preventDefault();
    if (this.touches.size > 2) return;
    this.#finish(false);
    this.pinch = new Pinch(this.viewport, this.touches);
    this.canvas.dataset.gesture = "pan";
    this.#leave();
  }

  #onMove(event) {
    if (!this.viewport.view) return;
    if (this.touches.has(event.pointerId)) this.touches.set(event.pointerId, pointOf(this.canvas, event));
    if (this.pinch) return void (this.touches.size === 2 && this.pinch.move());
    const contact = makeContact(this.viewport, event);
    if (event.pointerId === this.gesture?.id) this.gesture.move(this.#contactsOf(event));
    this.#follow(contact);
  }

  #contactsOf(event) {
    const events = event.getCoalescedEvents?.() ?? [];
    return (events.length ? events : [event]).map((each) => makeContact(this.viewport, each));
  }

  #onUp(event, isMeant) {
    this.touches.delete(event.pointerId);
    if (this.pinch && !this.touches.size) this.#endPinch();
    if (event.pointerId !== this.gesture?.id) return;
    this.#finish(isMeant);
    if (event.pointerType === "touch") this.#leave();
    this.viewport.cursor.update();
  }

  #endPinch() {
    this.pinch = null;
    delete this.canvas.dataset.gesture;
  }

  #finish(isMeant) {
    const { gesture } = this;
    this.gesture = null;
    delete this.canvas.dataset.gesture;
    if (isMeant) gesture?.end();
    else gesture?.cancel();
  }

  #leave() {
    if (this.gesture) return;
    this.viewport.cursor.move(null);
    this.viewport.readout.move(null);
  }

  #follow(contact) {
    const { cursor, readout } = this.viewport;
    cursor.move(contact);
    readout.move(isInside(this.viewport, contact.place) ? contact.place : null);
  }

  #onWheel(event) {
    event.preventDefault();
    if (this.viewport.view && (!this.gesture || this.gesture.name === "pan")) this.wheel.turn(event);
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
