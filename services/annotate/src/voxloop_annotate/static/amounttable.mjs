// How much of each class the shown prediction has: share of the volume, and space.

import { getJson, volumePath } from "./api.mjs";
import { element } from "./element.mjs";
import { amountText, spaceText, unitSign } from "./number.mjs";
import { classOf } from "./translation.mjs";

export class AmountTable {
  constructor(session) {
    this.session = session;
    this.body = element("tbody");
    const head = element("tr", {}, element("th", { scope: "col" }, "Class"), element("th", { scope: "col" }, "Share"), element("th", { scope: "col" }, "Volume"));
    this.node = element("table", { class: "vx-amounts", "aria-label": "Amount of each class" }, element("thead", {}, head), this.body);
  }

  /** Show the amounts of a prediction; rows are there at once, figures when they come. */
  async open(info) {
    this.id = info?.id;
    this.node.hidden = !info;
    if (!info) return;
    this.about = info;
    this.body.replaceChildren(...info.classes.map(({ id }) => row(this.#named(id), "…", "…")));
    const { volume } = this.session.state;
    const found = await getJson(volumePath(volume, `/predictions/${encodeURIComponent(info.id)}/amounts`)).catch(() => null);
    if (this.id === info.id && this.session.state.volume === volume && found) this.#fill(found);
  }

  // As the labels call and colour it, by name where the model is from elsewhere.
  #named(number) {
    return classOf(number, this.about, this.session.state.classes);
  }

  #fill({ classes }) {
    const { info } = this.session.state;
    const sign = unitSign(info.unit);
    const spaceOf = ({ voxels, space }) => (sign === "voxels" ? voxels.toLocaleString("en") : spaceText(space, sign));
    this.body.replaceChildren(...classes.map((each) => row(this.#named(each.id), shareText(each.fraction), spaceOf(each), amountText(each.voxels, info))));
  }
}

function row({ name, color }, share, space, title = "") {
  const swatch = element("span", { class: "vx-chip-swatch" });
  swatch.style.background = color;
  return element("tr", { "data-amount": name, title }, element("th", { scope: "row" }, swatch, element("span", {}, name)), element("td", {}, share), element("td", {}, space));
}

/** Give a share of the whole with three digits at most: 42.1 %, 0.03 %. */
export function shareText(fraction) {
  const percent = 100 * fraction;
  if (percent > 0 && percent < 0.01) return "< 0.01 %";
  return `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}
