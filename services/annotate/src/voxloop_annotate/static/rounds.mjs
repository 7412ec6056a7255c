// The RoundList component: a row per training with what led to it, their scores as a chart, and whether another round is worth it.

import { getJson, volumePath } from "./api.mjs";
import { element, setText } from "./element.mjs";
import { shortCount } from "./number.mjs";
import { drawChart } from "./roundchart.mjs";
import { session } from "./session.mjs";
import { Throttle } from "./throttle.mjs";

const PERIOD_MS = 3000;

const HEADS = [["", "Round"], ["Dice", "On strokes that were held out of that training: not the same ones in each round"], ["Labels", "Voxels that were labelled since the round before"], ["As pred.", "Share of the new labels that was accepted from a prediction"], ["Time", "Spent on strokes, pauses left out"]];

/** Fill `node` with the rounds. */
export function mount(node) {
  const list = new RoundList(node);
  return { update() {}, unmount: () => list.close() };
}

class RoundList {
  constructor(node) {
    Object.assign(this, { node, open: null });
    this.empty = element("div", { class: "vx-quiet" }, "Each training is a round: what was labelled for it, how long that took, and how good the model was.");
    this.chart = element("div");
    this.body = element("tbody");
    const head = element("tr", {}, ...HEADS.map(([text, title]) => element("th", { scope: "col", title }, text)));
    this.table = element("table", { class: "vx-round-table", "aria-label": "Rounds" }, element("thead", {}, head), this.body);
    this.hint = element("p", { class: "vx-round-hint", role: "status", hidden: true });
    node.replaceChildren(this.empty, this.chart, this.table, this.hint);
    this.loading = new Throttle(() => this.#load(), PERIOD_MS);
    const none = { rounds: [], now: null, hint: null };
    this.found = none;
    this.ends = [
      session.watch(["volume"], () => this.#draw(none)),
      session.watch(["predictions"], () => this.#draw(this.found)),
      session.watch(["volume", "jobs", "counts"], ({ volume }) => volume && this.loading.push({})),
    ];
  }

  close() {
    for (const end of this.ends) end();
    this.loading.close();
    this.isClosed = true;
    this.node.replaceChildren();
  }

  async #load() {
    const { volume } = session.state;
    const found = await getJson(volumePath(volume, "/rounds")).catch(() => null);
    if (!found || this.isClosed || volume !== session.state.volume || JSON.stringify(found) === JSON.stringify(this.found)) return;
    this.#draw(found);
  }

  #draw(found) {
    this.found = found;
    const { rounds, now, hint } = found;
    this.empty.hidden = rounds.length > 0;
    this.table.hidden = !rounds.length;
    const chart = rounds.length ? drawChart(rounds) : null;
    this.chart.replaceChildren(...(chart ? [chart] : []));
    this.body.replaceChildren(...rounds.toReversed().flatMap((round) => this.#rows(round)));
    if (rounds.length && now?.strokes) this.body.prepend(row({ ...now, number: "now" }));
    this.hint.hidden = !hint;
    setText(this.hint, hint ?? "");
  }

  #rows(round) {
    const details = element("tr", { class: "vx-round-details", hidden: this.open !== round.job }, element("td", { colspan: HEADS.length }, ...detailsOf(round)));
    const toggle = () => {
      details.hidden = !details.hidden;
      this.open = details.hidden ? null : round.job;
    };
    const onKey = (event) => event.key === "Enter" && toggle();
    return [row(round, { tabindex: "0", "data-round": round.number, onclick: toggle, onkeydown: onKey }), details];
  }
}

function row(round, attributes = {}) {
  const { number, mean_dice: dice = null, dice_spread: spread, accepted_share: share = null, active_s: seconds } = round;
  const score = dice === null ? "" : `${dice.toFixed(2)}${spread ? ` ± ${spread.toFixed(2)}` : ""}`;
  const cells = [score, labelText(round), share === null ? "" : `${Math.round(100 * share)} %`, minutesText(seconds)];
  return element("tr", { title: workText(round), ...attributes }, element("th", { scope: "row" }, String(number)), ...cells.map((text) => element("td", {}, text)));
}

function detailsOf(round) {
  const prediction = session.state.predictions.find(({ model }) => `${model.name}:${model.version}` === round.model);
  const about = element("div", { class: "vx-quiet" }, `${round.model}${round.learner ? ` by ${round.learner}` : ""}, ${new Date(round.finished).toLocaleString()}. ${workText(round)}.`);
  const button = (name, text, title, onclick, disabled = false) => element("button", { type: "button", class: "vx-text-button", "data-action": name, title, disabled, onclick }, text);
  const actions = [
    button("use-model", "Use model", "To predict with", () => set("predict-model", round.model)),
    button("show-prediction", "Prediction", prediction ? "Show what it predicted" : "It has not predicted this volume", () => set("prediction", prediction.id), !prediction),
    button("show-labels", "Labels", "The history at that time", () => showLabels(round.snapshot)),
  ];
  return [about, element("div", { class: "vx-round-actions" }, ...actions)];
}

// The selects of the Predict section are Dash's.
const set = (id, value) => window.dash_clientside.set_props(id, { value });

function showLabels(snapshot) {
  const row = document.querySelector(`[data-snapshot="${CSS.escape(snapshot)}"]`);
  if (!row) return session.say("further back than the history shows: scroll down there");
  row.closest("[data-folded]")?.removeAttribute("data-folded");
  row.scrollIntoView({ block: "center" });
  return row.focus();
}

/** Say in words what was done in a round. */
export function workText({ by_hand: byHand, accepted, erased, strokes }) {
  const parts = [[byHand, "by hand"], [accepted, "accepted"], [erased, "erased"]].filter(([voxels]) => voxels !== 0);
  const voxels = parts.map(([amount, how]) => `${count(amount)} ${how}`).join(", ") || "no new labels";
  return `${strokes} ${strokes === 1 ? "stroke" : "strokes"}: ${voxels}`;
}

/** Give the change of all labels in a round, with its sign. */
export function labelText({ by_hand: byHand, accepted }) {
  const all = byHand + accepted;
  return `${all < 0 ? "−" : "+"}${shortCount(Math.abs(all))}`;
}

/** Give a time of work in minutes, or seconds where it is short. */
export function minutesText(seconds) {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

const count = (voxels) => voxels.toLocaleString("en");
