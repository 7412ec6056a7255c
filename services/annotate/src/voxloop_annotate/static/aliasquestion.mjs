// Where aliases point: to move one here, to take one away. A champion is compared with the one before it first.

import { getJson, request, sendJson } from "./api.mjs";
import { element, setText } from "./element.mjs";
import { aliasRoute, versionRoute } from "./modelroutes.mjs";
import { ask } from "./question.mjs";
import { agoLong } from "./time.mjs";

const USUAL = ["champion", "candidate"];

/** Ask which alias shall name a version; gives true when one was moved. `aliases` are those of the name. */
export async function askForAlias({ name, version }, aliases) {
  const known = [...new Set([...USUAL, ...Object.keys(aliases)])];
  const input = element("input", { class: "form-control", list: "vx-aliases", value: "champion", "aria-label": "Alias", autocomplete: "off" });
  const list = element("datalist", { id: "vx-aliases" }, ...known.map((alias) => element("option", { value: alias })));
  const where = element("p", { class: "vx-quiet" });
  const gate = element("div", { class: "vx-gate", role: "status" });
  const state = { report: null };
  const tell = (report) => {
    state.report = report;
    gate.replaceChildren(...(report ? drawGate(report) : []));
    setText(gate.closest("dialog").querySelector("[data-answer=set-alias]"), report?.is_doubtful ? "Set it nevertheless" : "Set alias");
  };
  const follow = async () => {
    const alias = input.value.trim();
    setText(where, pointsText(name, alias, aliases[alias], version));
    tell(null);
    if (alias !== "champion" || aliases[alias] === version) return;
    const report = await getJson(versionRoute(name, version, "/gate")).catch(() => null);
    if (gate.isConnected && input.value.trim() === "champion") tell(report);
  };
  input.addEventListener("input", follow);
  const moves = await getJson(`api/models/${encodeURIComponent(name)}/aliases/history`).catch(() => []);
  const act = () => moveAlias({ name, version }, input.value.trim(), aliases, state.report);
  const label = element("label", { class: "vx-field-label" }, `Alias that shall name ${name}:${version}`);
  const answer = ask("Set alias", [label, input, list, where, gate, drawMoves(moves)], [{ text: "Set alias", name: "set-alias", busy: "Setting…", act }]);
  follow();
  return answer;
}

/** Ask whether an alias shall be taken away; gives true when it was. */
export function askWithoutAlias({ name, version }, alias) {
  const text = element("p", {}, `${alias} names ${name}:${version}. What asks for ${name}@${alias} will find nothing.`);
  const act = async () => (await request(aliasRoute(name, alias), { method: "DELETE" })).json();
  return ask(`Take ${alias} away?`, [text], [{ text: "Take it away", kind: "danger", name: "remove-alias", act }]);
}

// What was shown is what is acknowledged: a doubtful champion passes only where its warning was seen, and nobody's newer move is undone.
async function moveAlias({ name, version }, alias, aliases, report) {
  const body = { version, expected: aliases[alias] ?? null, acknowledge: Boolean(report?.is_doubtful) };
  await sendJson("PUT", aliasRoute(name, alias), body);
  return { alias };
}

function pointsText(name, alias, current, version) {
  if (!alias) return "Small letters, digits, - and _.";
  if (current === undefined) return `${name} has no ${alias} yet.`;
  return current === version ? `${alias} names this version already.` : `${alias} now names ${name}:${current}.`;
}

function drawGate(report) {
  const head = element("p", { class: report.is_doubtful ? "vx-warning" : "vx-good", "data-verdict": report.verdict }, report.message);
  const judged = (report.per_class ?? []).filter(({ value, incumbent_value: other }) => value !== null || other !== null);
  const cells = (values) => values.map((value) => element("td", { class: "vx-figure" }, Number.isFinite(value) ? value.toFixed(3) : "–"));
  const rows = judged.map(({ name, value, incumbent_value: other }) => element("tr", {}, element("th", { scope: "row" }, name), ...cells([value, other])));
  const titles = ["Dice", report.model, report.incumbent].map((text, i) => element("th", { scope: "col", class: i ? "vx-figure" : "" }, text ?? "–"));
  const table = rows.length ? element("table", { class: "vx-table vx-compact" }, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...rows)) : null;
  return table ? [head, table] : [head];
}

function drawMoves(moves) {
  if (!moves.length) return null;
  const lines = moves.slice(0, 20).map(({ alias, before, after, author, moved, note }) => element("li", { title: note || new Date(moved).toLocaleString() }, `${alias}: ${before ?? "none"} → ${after ?? "none"} by ${author}, ${agoLong(new Date(moved))}${note ? " (with a warning)" : ""}`));
  return element("details", { class: "vx-fold" }, element("summary", {}, `History (${moves.length})`), element("ul", { class: "vx-plain" }, ...lines));
}
