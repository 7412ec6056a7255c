// The strokes of a snapshot: who made how many, and the newest of them, each with the way to its slice.

import { element } from "./element.mjs";
import { shortCount } from "./number.mjs";
import { agoLong } from "./time.mjs";

export class LessonList {
  constructor() {
    this.node = element("section", { class: "vx-lesson", hidden: true, "aria-label": "Strokes" });
  }

  /** Show a lesson of the server ({volume, strokes, labelled, accepted, teachers, newest}) under a title; true when there is one. */
  show(lesson, title) {
    this.node.hidden = !lesson;
    if (!lesson) return false;
    const accepted = lesson.accepted ? `, ${shortCount(lesson.accepted)} of them accepted from predictions` : "";
    const head = element("h3", {}, `${title}: ${lesson.strokes} ${lesson.strokes === 1 ? "stroke" : "strokes"}`);
    const sum = element("p", { class: "vx-quiet" }, `${shortCount(lesson.labelled)} voxels carried a label${accepted}.`);
    this.node.replaceChildren(head, sum, teacherTable(lesson.teachers), strokeTable(lesson));
    this.node.scrollIntoView({ block: "nearest" });
    return true;
  }
}

function teacherTable(teachers) {
  const rows = teachers.map(({ author, strokes, voxels, first, last }) => row([author, strokes, shortCount(voxels), new Date(first).toLocaleString(), new Date(last).toLocaleString()], { "data-teacher": author }));
  return table("Who painted", ["Who", "Strokes", "Voxels", "First", "Last"], rows);
}

function strokeTable({ volume, newest, strokes }) {
  const rows = newest.map((stroke) => row([placeLink(volume, stroke), stroke.author, shortCount(stroke.voxels), element("time", { title: new Date(stroke.time).toLocaleString() }, agoLong(new Date(stroke.time)))], { "data-stroke": stroke.time }));
  const caption = newest.length < strokes ? `The newest ${newest.length} of ${strokes} strokes` : "Strokes, newest first";
  return element("div", { class: "vx-lesson-strokes" }, table(caption, ["Stroke", "Who", "Voxels", "When"], rows));
}

function placeLink(volume, { name, axis, index }) {
  if (!axis || index === null) return name;
  return element("a", { href: `./?volume=${encodeURIComponent(volume)}#axis=${axis}&index=${index}`, title: "See the slice" }, name);
}

function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
  return element("table", { class: "vx-table vx-compact" }, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows));
}

function row(cells, attributes) {
  return element("tr", attributes, ...cells.map((cell) => element("td", {}, cell instanceof Node ? cell : String(cell))));
}
