// The border between the two that are compared: dragged, or moved with the arrow keys; both sides say what they show.

import { otherOf, setShare, shareOf } from "./compare.mjs";
import { element, setText } from "./element.mjs";
import { predictionName } from "./predictionname.mjs";

const STEP = 0.02;

const STEPS = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -1, End: 1 };

export class CompareDivider {
  constructor(node, session) {
    Object.assign(this, { session, stage: node });
    const about = { role: "slider", tabindex: "0", "aria-label": "Border between the two that are compared", "aria-valuemin": 0, "aria-valuemax": 100 };
    this.handle = element("div", { class: "vx-divider-handle", ...about, onkeydown: (event) => this.#onKey(event), onpointerdown: (event) => this.#onPress(event) });
    this.left = element("span", { class: "vx-divider-name", "data-side": "left" });
    this.right = element("span", { class: "vx-divider-name", "data-side": "right" });
    this.bar = element("div", { class: "vx-divider" }, this.left, this.handle, this.right);
    this.node = element("div", { class: "vx-divider-area", hidden: true }, this.bar);
    node.append(this.node);
    this.end = session.watch(["compare", "prediction", "predictions", "preview"], (state) => this.#update(state));
  }

  #update({ compare, prediction, predictions, preview }) {
    this.node.hidden = !compare;
    if (!compare) return;
    const share = shareOf(compare);
    this.node.dataset.mode = compare.isHeld ? "flicker" : compare.mode;
    this.bar.style.left = `${100 * share}%`;
    this.handle.setAttribute("aria-valuenow", Math.round(100 * share));
    const named = (id) => predictionName(predictions.find((each) => each.id === id));
    setText(this.left, preview ? preview.note : named(prediction));
    setText(this.right, otherOf(compare) ? named(compare.other) : "labels");
    this.left.hidden = share === 0;
    this.right.hidden = share === 1;
  }

  #onKey(event) {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setShare(this.session, this.session.state.compare.share + step);
  }

  #onPress(event) {
    event.preventDefault();
    event.stopPropagation();
    this.handle.focus();
    this.handle.setPointerCapture(event.pointerId);
    const move = ({ clientX }) => {
      const { left, width } = this.stage.getBoundingClientRect();
      setShare(this.session, (clientX - left) / width);
    };
    const end = () => this.handle.removeEventListener("pointermove", move);
    this.handle.addEventListener("pointermove", move);
    this.handle.addEventListener("pointerup", end, { once: true });
    this.handle.addEventListener("pointercancel", end, { once: true });
  }
}
