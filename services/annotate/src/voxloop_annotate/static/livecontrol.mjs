// The LiveControl component: live mode on or off, by which learner, how it is, and what to do with what it has learned.

import { element, icon, setIcon, setText } from "./element.mjs";
import { live } from "./live.mjs";
import { session } from "./session.mjs";

const KEY = "voxloop-live";

const LEARNERS = [["instant", "Instant"], ["unet", "U-Net"]];

const AGE_MS = 1000;

const HINTS = {
  instant: "each stroke updates what is shown, within a second or two",
  unet: "a U-Net goes on learning while you paint, and shows what it knows",
};

/** Fill `node` with the control. */
export function mount(node) {
  const control = new LiveControl(node);
  return { update() {}, unmount: () => control.close() };
}

/** Give the learner that the control is set to, for the shortcut. */
export const liveLearner = () => LEARNERS.map(([name]) => name).find((name) => name === localStorage.getItem(KEY)) ?? "instant";

class LiveControl {
  constructor(node) {
    this.node = node;
    this.learner = element("select", { id: "live-learner", class: "form-select", "aria-label": "Live mode by", onchange: () => this.#choose() }, ...LEARNERS.map(([value, text]) => element("option", { value }, text)));
    this.learner.value = liveLearner();
    this.button = element("button", { id: "live-switch", type: "button", role: "switch", class: "vx-live-switch", onclick: () => live.toggle(liveLearner()) });
    this.button.append(element("span", { class: "vx-live-knob" }), element("span", {}, "Live"));
    this.button.title = "Live mode on or off  (shift v)";
    this.icon = icon("info");
    this.text = element("span", { class: "vx-live-text" });
    this.detail = element("div", { class: "vx-live-detail" });
    this.state = element("div", { class: "vx-live-state", role: "status" }, this.icon, element("div", {}, this.text, this.detail));
    this.keep = element("button", { id: "live-keep", type: "button", class: "vx-secondary", title: "Publish this model as a version of the volume's model", onclick: () => this.#act(() => live.keep()) }, "Keep");
    this.predict = element("button", { id: "live-predict", type: "button", class: "vx-secondary", title: "Keep this model and predict the whole volume with it", onclick: () => this.#act(() => live.predict()) }, "Predict volume");
    this.actions = element("div", { class: "vx-row vx-live-actions" }, this.keep, this.predict);
    node.replaceChildren(element("div", { class: "vx-row" }, this.button, this.learner), this.state, this.actions);
    this.end = session.watch(["live", "info"], (state) => this.#update(state));
    this.timer = setInterval(() => this.#update(session.state), AGE_MS);
  }

  close() {
    this.end();
    clearInterval(this.timer);
    this.node.replaceChildren();
  }

  #choose() {
    localStorage.setItem(KEY, this.learner.value);
    if (live.isOn) live.start(this.learner.value);
    else this.#update(session.state);
  }

  async #act(step) {
    this.isActing = true;
    this.#update(session.state);
    await step();
    this.isActing = false;
    this.#update(session.state);
  }

  #update({ live: state, info }) {
    const { picture, text, detail } = state ? sayOn(state) : { picture: "info", text: HINTS[this.learner.value], detail: "" };
    this.button.setAttribute("aria-checked", String(Boolean(state)));
    this.button.disabled = !info;
    this.state.dataset.phase = state?.phase ?? "off";
    setIcon(this.icon, picture);
    setText(this.text, text);
    setText(this.detail, detail);
    this.actions.hidden = !state;
    for (const button of [this.keep, this.predict]) button.disabled = !state?.model || this.isActing;
  }
}

/** Say in words how live mode is: {picture, text, detail}. */
export function sayOn({ phase, message, model, kept, learner }, now = Date.now()) {
  if (phase === "failed") return { picture: "alert", text: message, detail: "" };
  if (phase === "starting") return { picture: "busy", text: message || "starting …", detail: model ? aboutOf(model, kept) : "" };
  if (phase === "waiting") return { picture: "info", text: message, detail: "" };
  if (!model) return { picture: "busy", text: learner === "unet" ? "learning: the first look takes some seconds" : "learning …", detail: "" };
  const state = { learning: " · learning on", paused: " · waits: training jobs go first" }[phase] ?? "";
  return { picture: phase === "ready" ? "check" : "busy", text: `model ${model.number} · ${ageOf(model.made, now)}${state}`, detail: aboutOf(model, kept) };
}

function aboutOf({ mean_dice: dice, dice_spread: spread }, kept) {
  const saved = kept ? `kept as ${kept.name}:${kept.version}, newer ones are not saved` : "not saved";
  if (typeof dice !== "number") return `${saved}; nothing held out`;
  const range = typeof spread === "number" ? ` ± ${spread.toFixed(2)}` : "";
  return `${saved}; Dice ${dice.toFixed(2)}${range} on held-out strokes`;
}

function ageOf(made, now) {
  const seconds = Math.max(0, Math.round((now - Date.parse(made)) / 1000));
  if (seconds < 2) return "just now";
  return seconds < 90 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}
