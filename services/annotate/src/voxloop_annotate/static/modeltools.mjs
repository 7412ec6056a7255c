// The ModelTools component: search, filters, grouping, and the way from chosen rows to a comparison. The grid below is Dash's; what
// it lists follows the `query` of this component, which also stands in the address.

import { writeFragment } from "./address.mjs";
import { getJson } from "./api.mjs";
import { element, icon, setText } from "./element.mjs";
import { go } from "./pagelinks.mjs";
import { EVERYTHING, comparePath, isFiltered, toggleGroup, writeView } from "./modelview.mjs";
import { importPackage } from "./modelorders.mjs";
import { session } from "./session.mjs";

const GRID = "models-grid";

const TYPING_MS = 150;

const TYPED_INTO = "input:not([type=checkbox], [type=range]), textarea, select, dialog";

const FACETS = [["learner", "Learner", "learners"], ["volume", "Volume", "volumes"], ["author", "Author", "authors"], ["label_class", "Class", "classes"], ["tag", "Tag", "tags"], ["alias", "Alias", "aliases"]];

const GROUPS = [["", "no groups"], ["name", "by name"], ["learner", "by learner"], ["volume", "by volume"], ["author", "by author"]];

const SCORES = [["", "any Dice"], ...[0.5, 0.7, 0.8, 0.9, 0.95].map((least) => [String(least), `Dice ≥ ${least}`])];

/** Fill `node` with the controls and follow the grid. */
export function mount(node, props, setProps) {
  const tools = new ModelTools(node, props, setProps);
  return { update: (next) => tools.update(next), unmount: () => tools.close() };
}

class ModelTools {
  constructor(node, { query, sort, total }, setProps) {
    Object.assign(this, { node, setProps, query: { ...EVERYTHING, ...query }, sort, facets: {}, chosen: [], api: null });
    this.search = element("input", { type: "search", class: "form-control vx-search", placeholder: "Search names, classes, tags, authors…", "aria-label": "Search models", title: "Search (/)", value: this.query.q, oninput: () => this.#type() });
    this.selects = FACETS.map(([field, label]) => select(label, (value) => this.#ask({ [field]: value || null }), field));
    this.score = select("Dice", (value) => this.#ask({ least_dice: value ? Number(value) : null }), "least_dice");
    this.group = select("Group by", (value) => this.#ask({ group: value, opened: [] }), "group");
    this.newest = toggle("Newest only", "newest", () => this.#ask({ newest: !this.query.newest }));
    this.trash = toggle("Deleted", "trash", () => this.#ask({ trash: !this.query.trash }));
    this.clear = element("button", { type: "button", class: "vx-text-button", "data-action": "clear-filters" }, "Clear filters");
    this.total = element("span", { class: "vx-models-total", role: "status" });
    this.compare = element("button", { type: "button", class: "vx-secondary", "data-action": "compare", disabled: true, onclick: () => go(comparePath(this.chosen)) }, "Compare");
    this.file = element("input", { type: "file", accept: ".zip", hidden: true, "aria-label": "Package to import", onchange: () => this.#import() });
    this.importing = element("button", { type: "button", class: "vx-secondary", "data-action": "import", title: "A voxloop bundle, or a bioimage.io package that voxloop made", onclick: () => this.file.click() }, "Import");
    this.#lay(node);
    this.onClick = (event) => this.#onClick(event);
    document.addEventListener("click", this.onClick);
    this.onKey = (event) => this.#onKey(event);
    document.addEventListener("keydown", this.onKey);
    this.end = session.watch(["jobs"], ({ jobs }) => this.#onJob(jobs?.train));
    this.#draw();
    this.update({ total });
    this.#loadFacets();
    this.#followGrid();
  }

  close() {
    clearTimeout(this.timer);
    document.removeEventListener("click", this.onClick);
    document.removeEventListener("keydown", this.onKey);
    this.end();
    this.isClosed = true;
    this.node.replaceChildren();
  }

  update({ total }) {
    if (total === undefined) return;
    setText(this.total, total === null ? "" : totalText(total));
  }

  #lay(node) {
    const first = element("div", { class: "vx-tools-row" }, element("h1", { class: "vx-title" }, "Models"), this.search, this.total, this.group.node, this.file, this.importing, this.compare);
    const second = element("div", { class: "vx-tools-row" }, ...[...this.selects, this.score].map((each) => each.node), this.newest, this.trash, this.clear);
    node.replaceChildren(first, second);
  }

  #draw() {
    const { query } = this;
    if (this.search.value !== query.q && document.activeElement !== this.search) this.search.value = query.q;
    FACETS.forEach(([field, label, list], i) => this.selects[i].fill([["", `any ${label.toLowerCase()}`], ...optionsOf(this.facets[list], query[field])], query[field] ?? ""));
    this.score.fill(SCORES, query.least_dice === null ? "" : String(query.least_dice));
    this.group.fill(GROUPS, query.group);
    for (const [button, is] of [[this.newest, query.newest], [this.trash, query.trash]]) button.setAttribute("aria-pressed", String(is));
    this.clear.hidden = !isFiltered(query);
    this.compare.disabled = !comparePath(this.chosen);
    setText(this.compare, this.chosen.length ? `Compare ${this.chosen.length}` : "Compare");
    this.compare.title = this.chosen.length > 4 ? "At most four models at once" : "Tick two to four models";
  }

  #type() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask({ q: this.search.value }), TYPING_MS);
  }

  #ask(patch) {
    const wasTrash = this.query.trash;
    this.query = { ...this.query, ...patch };
    this.#draw();
    this.#tell();
    if (this.query.trash !== wasTrash) this.#loadFacets();
    this.setProps({ query: this.query });
    this.api?.deselectAll();
    this.#reload();
    this.api?.ensureIndexVisible(0, "top");
  }

  async #import() {
    const [file] = this.file.files;
    if (!file) return;
    this.importing.disabled = true;
    setText(this.importing, "Importing…");
    this.setProps({ notice: await importPackage(file) });
    if (this.isClosed) return;
    this.file.value = ""; // the same file again is a change again
    this.importing.disabled = false;
    setText(this.importing, "Import");
    this.#reload();
    this.#loadFacets();
  }

  #tell() {
    writeFragment(writeView(this.query, this.sort));
  }

  #onClick({ target }) {
    const group = target.closest?.("[data-group]");
    if (group) return this.#open(group.dataset.group);
    const action = target.closest?.("[data-action]")?.dataset.action;
    if (action === "clear-filters") {
      this.search.value = "";
      return this.#ask({ ...EVERYTHING, group: this.query.group });
    }
    if (action === "reload-models") return this.#ask({});
    return null;
  }

  #onKey(event) {
    if (event.key !== "/" || event.target.closest?.(TYPED_INTO)) return;
    event.preventDefault();
    this.search.select();
  }

  #open(value) {
    this.query = toggleGroup(this.query, value);
    this.#tell();
    this.setProps({ query: this.query });
    this.#reload();
  }

  #onJob(job) {
    const key = job?.state === "succeeded" ? job.id : null;
    const isNews = this.seenJob !== undefined && key && key !== this.seenJob;
    this.seenJob = key ?? this.seenJob ?? null;
    if (!isNews) return;
    this.api?.refreshInfiniteCache();
    this.#loadFacets();
  }

  async #loadFacets() {
    const found = await getJson(`api/models/facets?deleted=${this.query.trash}`).catch(() => null);
    if (!found || this.isClosed) return;
    this.facets = found;
    this.#draw();
  }

  /** Have the grid ask for its rows again; one that is not at hand yet does so as soon as it is. */
  #reload() {
    this.isStale = !this.api;
    this.api?.purgeInfiniteCache();
  }

  async #followGrid() {
    const api = await window.dash_ag_grid.getApiAsync(GRID);
    if (this.isClosed) return;
    this.api = api;
    if (this.isStale) this.#reload();
    api.addEventListener("sortChanged", () => this.#onSort());
    api.addEventListener("selectionChanged", () => this.#onChoice());
    api.addEventListener("rowClicked", (event) => this.#onRow(event));
    api.addEventListener("cellKeyDown", ({ event, data }) => event.key === "Enter" && data?.name && go(`./models/${data.name}/${data.version}`));
  }

  #onSort() {
    const first = this.api.getColumnState().filter(({ sort }) => sort).sort((a, b) => (a.sortIndex ?? 0) - (b.sortIndex ?? 0))[0];
    this.sort = first ? { column: first.colId, order: first.sort } : null;
    this.#tell();
  }

  #onChoice() {
    this.chosen = this.api.getSelectedRows().map(({ id }) => id);
    this.#draw();
  }

  #onRow({ data, event }) {
    if (!data?.name || event.target.closest("a, button, input, .ag-selection-checkbox") || String(getSelection())) return;
    go(`./models/${data.name}/${data.version}`);
  }
}

const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

const totalText = ({ models, groups }) => (groups === null ? counted(models, "model") : `${counted(models, "model")} in ${counted(groups, "group")}`);

function optionsOf(values, chosen) {
  const found = (values ?? []).map(({ value, count }) => [value, `${value} (${count.toLocaleString("en")})`]);
  return chosen && !found.some(([value]) => value === chosen) ? [...found, [chosen, chosen]] : found;
}

function select(label, act, field) {
  const node = element("select", { class: "form-select vx-filter", "aria-label": label, title: label, "data-filter": field, onchange: () => act(node.value) });
  const fill = (options, value) => {
    const text = JSON.stringify(options);
    if (node.dataset.options !== text) {
      node.dataset.options = text; // a list that is open must not close
      node.replaceChildren(...options.map(([each, name]) => element("option", { value: each }, name)));
    }
    node.value = value;
    node.toggleAttribute("data-set", value !== "");
  };
  return { node, fill };
}

function toggle(text, field, act) {
  return element("button", { type: "button", class: "vx-toggle", "aria-pressed": "false", "data-filter": field, onclick: act }, icon("check"), text);
}
