// The ReviewPanel component: have places proposed, go through them, see how far one is.

import { annotation } from "./annotation.mjs";
import { element, iconButton, setText } from "./element.mjs";
import { ProblemLine } from "./problemline.mjs";
import { acceptPlace, cancelProposal, closePlace, currentPlace, loadReview, placeObstacle, proposePlaces, showNext } from "./review.mjs";
import { ReviewList } from "./reviewlist.mjs";
import { session } from "./session.mjs";

const COUNT = 20;

const KEYS = ["review", "reviewJob", "place", "prediction", "predictions", "info", "chain", "layers", "filling"];

/** Fill `node` with the review. */
export function mount(node) {
  const panel = new ReviewPanel(node);
  return { update() {}, unmount: () => panel.close() };
}

class ReviewPanel {
  constructor(node) {
    this.node = node;
    this.choice = element("select", { class: "form-select form-select-sm", "aria-label": "How places are chosen", onchange: () => this.#update(session.state) });
    this.propose = element("button", { type: "button", class: "vx-secondary", "data-action": "propose", onclick: () => this.#propose() }, "Propose");
    this.help = element("div", { class: "vx-quiet vx-review-help" });
    this.problem = new ProblemLine("vx-review-problem");
    this.list = new ReviewList(session);
    node.replaceChildren(element("div", { class: "vx-row" }, this.choice, this.propose), this.help, this.problem.node, this.#busyNode(), this.#progressNode(), this.#actionsNode(), this.list.node);
    this.ends = [session.watch(KEYS, (state) => this.#update(state)), session.watch(["history"], (state) => this.#followUndo(state))];
  }

  close() {
    for (const end of this.ends) end();
    this.list.clear();
    this.node.replaceChildren();
  }

  #busyNode() {
    this.busyText = element("span", { class: "vx-job-title" });
    this.busyFill = element("div", { class: "vx-bar-fill" });
    this.busyBar = element("div", { class: "vx-bar" }, this.busyFill);
    const cancel = iconButton("close", "Stop looking", "", { class: "vx-icon-button vx-row-button vx-tip-left", "data-action": "cancel-review", onclick: () => this.problem.attempt(() => cancelProposal(session)) });
    this.busy = element("div", { class: "vx-job", role: "status" }, this.busyText, cancel, this.busyBar);
    return this.busy;
  }

  #progressNode() {
    this.count = element("span", { class: "vx-review-count", role: "status" });
    this.countFill = element("div", { class: "vx-bar-fill" });
    this.next = element("button", { type: "button", class: "vx-text-button", "data-action": "next-place", title: "Next open place  (shift n)", onclick: () => showNext({ session }) }, "Next");
    this.progress = element("div", { class: "vx-review-progress" }, this.count, this.next, element("div", { class: "vx-bar" }, this.countFill));
    return this.progress;
  }

  #actionsNode() {
    const button = (name, kind, text, hint, act) => element("button", { type: "button", class: kind, "data-action": name, title: hint, onclick: act }, text);
    this.accept = button("accept-place", "vx-primary", "Accept", "Take what is predicted here as labels  (enter)", () => acceptPlace({ session, annotation }));
    const corrected = button("correct-place", "vx-secondary", "Corrected", "I have painted what was wrong here  (shift enter)", () => closePlace({ session }, "corrected"));
    const skip = button("skip-place", "vx-secondary", "Skip", "Leave this place as it is  (shift x)", () => closePlace({ session }, "skipped"));
    this.actions = element("div", { class: "vx-review-actions" }, this.accept, corrected, skip);
    return this.actions;
  }

  #propose() {
    return this.problem.attempt(() => proposePlaces(session, { acquisition: this.choice.value, count: COUNT }));
  }

  #update(state) {
    const { review, reviewJob, info } = state;
    this.#offer(state);
    const isBusy = Boolean(review?.waiting);
    const job = reviewJob?.id === review?.waiting ? reviewJob : null;
    this.busy.hidden = !isBusy;
    setText(this.busyText, job?.message || "waiting for its turn");
    this.busyBar.dataset.state = job?.progress ? "running" : "waiting";
    this.busyFill.style.width = job?.progress ? `${Math.round(100 * job.progress)}%` : "";
    this.propose.disabled = isBusy || !info || !review;
    this.#fail(reviewJob);
    this.#updateQueue(state, isBusy);
  }

  // What was accepted and is undone is open again; only an undo or a redo changes what could be redone.
  #followUndo({ history, review }) {
    if (history.redoName === this.redoName) return;
    this.redoName = history.redoName;
    if (review?.places.some(({ acceptance }) => acceptance) || history.redoName) loadReview(session);
  }

  #updateQueue(state, isBusy) {
    const places = isBusy ? [] : (state.review?.places ?? []);
    const { reviewed = 0 } = state.review ?? {};
    this.progress.hidden = !places.length;
    setText(this.count, `${reviewed} of ${places.length} reviewed`);
    this.countFill.style.width = `${(100 * reviewed) / Math.max(1, places.length)}%`;
    const entry = isBusy ? null : currentPlace(state);
    this.actions.hidden = !places.length;
    for (const each of this.actions.children) each.disabled = !entry;
    const obstacle = entry && placeObstacle(state, entry);
    this.accept.disabled = !entry || Boolean(obstacle);
    this.accept.title = obstacle ?? "Take what is predicted here as labels  (enter)";
    this.list.update(isBusy ? { ...state, review: null } : state);
    setText(this.help, helpText(state, this.choice.value));
  }

  // A choice that the shown prediction cannot serve is not offered.
  #offer(state) {
    const { review, predictions, prediction } = state;
    const layers = predictions.find(({ id }) => id === prediction)?.layers ?? [];
    const offered = (review?.acquisitions ?? []).filter(({ needs }) => needs === "nothing" || (prediction && (needs !== "uncertainty" || layers.includes("uncertainty"))));
    const key = offered.map(({ name }) => name).join();
    if (this.offered === key) return;
    this.offered = key;
    const { value } = this.choice;
    this.choice.replaceChildren(...offered.map(({ name, title }) => element("option", { value: name }, title)));
    if (offered.some(({ name }) => name === value)) this.choice.value = value;
  }

  #fail(job) {
    if (!job || job.id === this.told || !["failed", "succeeded", "cancelled"].includes(job.state)) return;
    this.told = job.id;
    this.problem.tell(job.state === "failed" ? (job.error ?? { message: "the search failed" }) : null);
  }
}

/** Say what the chosen way looks for, or what stands in the way; that a newer prediction is there goes first. */
export function helpText({ review, prediction, predictions }, chosen) {
  const help = review?.acquisitions.find(({ name }) => name === chosen)?.help ?? "";
  const about = help && `${help[0].toUpperCase()}${help.slice(1)}.`;
  const places = review?.places ?? [];
  if (places.length && prediction && places[0].prediction && places[0].prediction !== prediction) return "Another prediction is shown than these places were chosen by: propose again.";
  if (places.length) return about;
  const isPredicted = predictions.some(({ partial }) => !partial);
  return isPredicted ? about : "Nothing is predicted yet: places can be chosen at random only.";
}
