// The lineage of a model as a graph: what taught it, what it came from, what came of it. Each box leads to what it is about; that of a
// snapshot opens the strokes in it and who made them.

import { element, icon } from "./element.mjs";
import { LessonList } from "./lessonlist.mjs";
import { placeNodes } from "./lineagelayout.mjs";
import { agoLong } from "./time.mjs";

const [BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y] = [216, 52, 36, 16];

const SVG = "http://www.w3.org/2000/svg";

const KINDS = { model: ["auto", "model"], snapshot: ["brush", "labels"], volume: ["overwrite", "volume"], job: ["play", "training"], prediction: ["filled", "prediction"] };

/** Draw a lineage {root, nodes, edges, lessons, is_cut}; gives {node, open}: graph and lessons, and what opens that of a snapshot by its id. */
export function drawLineage({ root, nodes, edges, lessons, is_cut: isCut }) {
  const { places, columns, rows } = placeNodes(nodes, edges);
  const lesson = new LessonList();
  const open = (id) => {
    const isOpen = lesson.show(lessons[id], labelOf(nodes.find((each) => each.id === id)));
    for (const each of canvas.querySelectorAll("[aria-expanded]")) each.setAttribute("aria-expanded", String(isOpen && each.dataset.node === id));
  };
  const boxes = nodes.map((each) => position(box(each, each.id === root, lessons[each.id], open), places.get(each.id)));
  const size = `width:${columns * (BOX_WIDTH + GAP_X) - GAP_X}px;height:${rows * (BOX_HEIGHT + GAP_Y) - GAP_Y}px`;
  const canvas = element("div", { class: "vx-lineage", style: size, role: "group", "aria-label": "Lineage" }, drawEdges(edges, places, columns, rows), ...boxes);
  const cut = isCut ? element("p", { class: "vx-quiet" }, "Only the nearest 500 are shown.") : null;
  const frame = element("div", { class: "vx-lineage-frame" }, canvas);
  queueMicrotask(() => centre(frame, places.get(root))); // once it stands on the page
  return { node: element("div", {}, frame, cut, lesson.node), open };
}

/** Give the id of the snapshot that taught the root, or undefined. */
export const snapshotOf = ({ root, edges }) => edges.find(({ kind, target }) => kind === "taught" && target === root)?.source;

// The frame alone scrolls: the page stays where its reader is.
function centre(frame, place) {
  if (!place) return;
  frame.scrollLeft = left(place) + BOX_WIDTH / 2 - frame.clientWidth / 2;
  frame.scrollTop = top(place) + BOX_HEIGHT / 2 - frame.clientHeight / 2;
}

function box(each, isRoot, lesson, open) {
  const [name, word] = KINDS[each.kind] ?? ["info", each.kind];
  const target = targetOf(each, lesson);
  const attributes = { class: "vx-lineage-box", "data-kind": each.kind, "data-node": each.id, "data-root": isRoot, "data-gone": Boolean(each.is_deleted || each.is_missing), title: titleOf(each, word) };
  const contents = [icon(name), element("span", { class: "vx-lineage-text" }, element("strong", {}, labelOf(each)), element("small", {}, noteOf(each, word, lesson)))];
  if (target.open) return element("button", { ...attributes, type: "button", "aria-expanded": "false", onclick: () => open(each.id) }, ...contents);
  return target.href ? element("a", { ...attributes, href: target.href }, ...contents) : element("div", attributes, ...contents);
}

function targetOf(each, lesson) {
  const volume = encodeURIComponent(each.volume ?? "");
  if (each.kind === "model") return each.is_missing ? {} : { href: `./models/${each.name}/${each.version}` };
  if (each.kind === "snapshot") return lesson ? { open: true } : {};
  if (each.kind === "prediction") return { href: `./?volume=${volume}&prediction=${encodeURIComponent(each.prediction)}` };
  if (each.kind === "job") return { href: "./jobs" };
  return each.kind === "volume" ? { href: `./?volume=${encodeURIComponent(each.volume ?? each.label)}` } : {};
}

function labelOf(each) {
  if (each.kind === "model") return `${each.name}:${each.version}`;
  if (each.kind === "prediction") return `prediction on ${each.volume}`;
  if (each.kind === "snapshot") return `labels of ${each.volume}`;
  return each.kind === "job" ? KINDS.job[1] : (each.volume ?? each.label);
}

function noteOf(each, word, lesson) {
  if (each.kind === "model") return [each.is_missing ? "not in this registry" : each.is_deleted ? "deleted" : each.learner, diceText(each.mean_dice)].filter(Boolean).join(" · ");
  if (each.kind === "snapshot") return lesson ? strokeText(lesson) : "not in this workspace";
  if (each.kind === "prediction") return [each.partial && "being made", each.author, each.created && agoLong(new Date(each.created))].filter(Boolean).join(" · ");
  return each.kind === "job" ? each.job : word;
}

function titleOf(each, word) {
  const when = each.created ? `, ${new Date(each.created).toLocaleString()}` : "";
  return `${word} ${each.label ?? each.id}${when}`;
}

/** Say how many strokes a lesson has, and whose. */
export function strokeText({ strokes, teachers }) {
  const who = teachers.length > 2 ? `${teachers.length} people` : teachers.map(({ author }) => author).join(", ");
  return `${strokes} ${strokes === 1 ? "stroke" : "strokes"}${who ? ` by ${who}` : ""}`;
}

const diceText = (dice) => (Number.isFinite(dice) ? `Dice ${dice.toFixed(2)}` : "");

const left = ({ column }) => column * (BOX_WIDTH + GAP_X);

const top = ({ row }) => row * (BOX_HEIGHT + GAP_Y);

function position(node, place) {
  Object.assign(node.style, { left: `${left(place)}px`, top: `${top(place)}px`, width: `${BOX_WIDTH}px`, height: `${BOX_HEIGHT}px` });
  return node;
}

function drawEdges(edges, places, columns, rows) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "vx-lineage-edges");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("width", columns * (BOX_WIDTH + GAP_X));
  svg.setAttribute("height", rows * (BOX_HEIGHT + GAP_Y));
  for (const { source, target, kind } of edges) {
    const [from, to] = [places.get(source), places.get(target)];
    if (!from || !to) continue;
    const path = document.createElementNS(SVG, "path");
    const [x0, y0, x1, y1] = [left(from) + BOX_WIDTH, top(from) + BOX_HEIGHT / 2, left(to), top(to) + BOX_HEIGHT / 2];
    path.setAttribute("d", `M${x0} ${y0}C${x0 + GAP_X / 2} ${y0} ${x1 - GAP_X / 2} ${y1} ${x1} ${y1}`);
    path.dataset.kind = kind;
    svg.append(path);
  }
  return svg;
}
