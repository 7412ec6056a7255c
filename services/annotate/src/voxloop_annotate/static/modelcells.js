// What the cells of the grid of models show. The grid looks its renderers up by name when it starts, so this is a classic script.
(function () {
  "use strict";
  const make = (...parts) => React.createElement(...parts);

  // Before a row has come its cells are grey bars of about the width of what they will hold.
  const shown = (draw) => (props) => (props.data ? draw(props.data, props) : make("span", { className: "vx-skeleton", "aria-hidden": true }));

  const chip = (text, kind) => make("span", { key: `${kind} ${text}`, className: "vx-tag", "data-kind": kind, title: kind }, text);

  function modelName(row) {
    const name = make("span", { key: "name", className: "vx-model-name" }, row.name);
    const version = make("span", { key: "version", className: "vx-muted" }, `:${row.version}`);
    const label = make("span", { key: "label", className: "vx-model-label", title: `${row.name}:${row.version}` }, name, version);
    const marks = row.aliases.map((alias) => chip(alias, "alias"));
    if (row.deleted) marks.push(chip("deleted", "state"));
    if (!row.runnable) marks.push(chip("newer", "state"));
    return make("a", { href: `./models/${row.name}/${row.version}`, className: "vx-model-link", "data-model": row.id }, label, ...marks);
  }

  function modelClasses(row) {
    const names = row.classes.map(({ name }) => name).join(", ");
    const swatches = row.classes.slice(0, 8).map(({ name, color }, i) => make("span", { key: `${i} ${name}`, className: "vx-swatch", style: { background: color } }));
    return make("span", { className: "vx-cell-classes", title: names }, ...swatches, make("span", { key: "names", className: "vx-clip" }, names));
  }

  function modelDice({ dice, spread }) {
    if (dice === null || dice === undefined) return make("span", { className: "vx-muted", title: "Too few strokes to hold any out" }, "–");
    return make("span", {}, dice.toFixed(3), make("span", { className: "vx-muted" }, spread ? ` ± ${spread.toFixed(3)}` : ""));
  }

  function modelGroup(row) {
    const word = row.count === 1 ? "model" : "models";
    const mark = make("span", { key: "mark", className: `vx-i ${row.is_open ? "vx-i-down" : "vx-i-right"}` });
    const title = make("strong", { key: "title" }, row.group || "none");
    return make("button", { type: "button", className: "vx-group-head", "data-group": row.group, "aria-expanded": row.is_open }, mark, title, make("span", { key: "count", className: "vx-muted" }, `${row.count.toLocaleString("en")} ${word}`));
  }

  window.dashAgGridComponentFunctions = {
    ...window.dashAgGridComponentFunctions,
    ModelName: shown(modelName),
    ModelClasses: shown(modelClasses),
    ModelDice: shown(modelDice),
    ModelTags: shown((row) => make("span", { className: "vx-clip" }, ...row.tags.map((tag) => chip(tag, "tag")))),
    ModelText: shown((row, { value, colDef }) => make("span", { className: "vx-clip", title: colDef.field === "age" ? new Date(row.created).toLocaleString() : value }, value)),
    ModelGroup: shown(modelGroup),
  };

  window.dashAgGridFunctions = {
    ...window.dashAgGridFunctions,
    isModelRow: ({ data }) => Boolean(data && !("group" in data)),
    isGroupRow: ({ rowNode }) => Boolean(rowNode.data && "group" in rowNode.data),
  };
})();
