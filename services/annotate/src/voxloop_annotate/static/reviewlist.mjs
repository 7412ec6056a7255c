// The list of proposed places: a picture, where it is, why, and what became of it.

import { element, icon } from "./element.mjs";
import { placeText, showPlace } from "./review.mjs";
import { placeThumb } from "./reviewthumb.mjs";

const OUTCOMES = { accepted: ["accept", "accepted"], corrected: ["brush", "corrected"], skipped: ["next", "skipped"] };

export class ReviewList {
  constructor(session) {
    this.session = session;
    this.rows = new Map();
    this.node = element("ol", { class: "vx-review-rows", "aria-label": "Proposed places" });
  }

  /** Show the places of the queue; rows that are there keep their pictures. */
  update({ review, place: current, info }) {
    const places = info ? (review?.places ?? []) : [];
    const wanted = new Set(places.map(({ id }) => id));
    for (const [id, row] of this.rows) if (!wanted.has(id)) this.rows.delete(id) && row.remove();
    for (const entry of places) if (!this.rows.has(entry.id)) this.#add(entry, info);
    for (const entry of places) this.#updateRow(this.rows.get(entry.id), entry, entry.id === current);
    this.node.hidden = !places.length;
  }

  clear() {
    this.rows.clear();
    this.node.replaceChildren();
  }

  #add(entry, info) {
    const name = placeText(entry.place, info.shape);
    const text = element("span", { class: "vx-review-text" }, element("span", { class: "vx-review-name" }, name), element("span", { class: "vx-review-reason", title: entry.place.reason }, entry.place.reason));
    const go = () => showPlace(this.session, this.#entryOf(entry.id));
    const onKey = (event) => event.target === event.currentTarget && event.key === "Enter" && (event.preventDefault(), go());
    const row = element("li", { tabindex: "0", "data-place": entry.id, onclick: go, onkeydown: onKey });
    this.rows.set(entry.id, row);
    this.node.append(row);
    row.append(placeThumb(this.session, entry), text);
  }

  #updateRow(row, { outcome }, isCurrent) {
    if (isCurrent && !row.hasAttribute("aria-current")) row.scrollIntoView?.({ block: "nearest" });
    row.toggleAttribute("aria-current", isCurrent);
    if (row.dataset.outcome === (outcome ?? "")) return;
    row.dataset.outcome = outcome ?? "";
    row.querySelector(".vx-review-outcome")?.remove();
    if (!outcome) return;
    const [sign, word] = OUTCOMES[outcome];
    row.append(element("span", { class: "vx-review-outcome", title: word, role: "img", "aria-label": word }, icon(sign)));
  }

  #entryOf(id) {
    return this.session.state.review.places.find((entry) => entry.id === id);
  }
}
