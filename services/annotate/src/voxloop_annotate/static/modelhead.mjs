// The head of a model's card: what it is called, what people say of it, and what can be done with it.

import { askForAlias, askWithoutAlias } from "./aliasquestion.mjs";
import { element, icon, setText } from "./element.mjs";
import { orderDeletion, orderPrediction, orderReturn, orderTraining } from "./modelorders.mjs";
import { PACKAGES, describeVersion, packageRoute, savePackage, versionPage } from "./modelroutes.mjs";
import { go } from "./pagelinks.mjs";
import { ProblemLine } from "./problemline.mjs";
import { agoLong } from "./time.mjs";

export class ModelHead {
  /** `reload()` reads the card again, `tell(notice)` shows a notice. */
  constructor(reload, tell) {
    Object.assign(this, { reload, tell });
    this.problem = new ProblemLine("vx-problem");
    this.taught = element("span");
    this.node = element("header", { class: "vx-card-head" });
  }

  /** Lead to the strokes that taught the model, `text` says how many and whose; null where they are not known here. */
  teach(text, open) {
    const button = text && element("button", { type: "button", class: "vx-text-button vx-inline-link", "data-action": "strokes", onclick: open }, text);
    this.taught.replaceChildren(...(button ? [", learned from ", button] : []));
  }

  show({ record, model, versions }) {
    Object.assign(this, { record, model });
    this.teach(null);
    const title = element("h1", { class: "vx-card-title" }, element("a", { href: "./models", class: "vx-muted" }, "Models"), element("span", { class: "vx-muted" }, "/"), record.name, this.#versionSelect(versions));
    const made = element("p", { class: "vx-quiet" }, `${record.manifest.learner ?? "?"} on ${record.manifest.volume ?? "?"}, by ${record.manifest.author ?? record.author} `, element("time", { title: new Date(record.created).toLocaleString() }, agoLong(new Date(record.created))), this.taught);
    const words = element("div", { class: "vx-card-words" }, ...this.#aliases(), ...this.#tags(), ...(record.deleted ? [] : [this.#tagInput()]));
    this.node.replaceChildren(element("div", { class: "vx-card-top" }, element("div", { class: "vx-card-name" }, title, made), this.#actions()), ...this.#banner(), words, this.#description(), this.problem.node);
  }

  #versionSelect(versions) {
    const text = ({ version, aliases, mean_dice: dice, deleted }) => `${version}${aliases.length ? ` (${aliases.join(", ")})` : ""}${Number.isFinite(dice) ? ` · ${dice.toFixed(2)}` : ""}${deleted ? " · deleted" : ""}`;
    const select = element("select", { class: "form-select vx-version", "aria-label": "Version", onchange: () => go(versionPage(this.record.name, select.value)) }, ...versions.map((each) => element("option", { value: each.version }, text(each))));
    select.value = this.record.version;
    return select;
  }

  #actions() {
    const { record } = this;
    const button = (text, name, order, kind = "secondary", isOff = false) => element("button", { type: "button", class: `vx-${kind}`, "data-action": name, disabled: isOff, onclick: () => this.#do(order) }, text);
    if (record.deleted) return element("div", { class: "vx-card-actions" }, button("Restore", "restore", () => orderReturn(record), "primary", record.deleted.is_purged));
    return element(
      "div",
      { class: "vx-card-actions" },
      button("Predict", "use-model", () => orderPrediction(record), "primary", !record.runnable),
      button("Fine-tune", "fine-tune", () => orderTraining(record), "secondary", !record.runnable),
      button("Set alias", "set-alias", () => this.#setAlias()),
      this.#exportMenu(),
      button("Delete", "delete-model", () => orderDeletion(record)),
    );
  }

  #exportMenu() {
    const id = "vx-model-export";
    const word = element("span", {}, "Export");
    const button = element("button", { type: "button", class: "vx-secondary", popovertarget: id, "aria-haspopup": "menu", "data-action": "export" }, word, icon("down"));
    const save = async (format) => {
      menu.hidePopover();
      button.disabled = true;
      setText(word, "Exporting…");
      await this.problem.attempt(() => savePackage(this.record, format));
      setText(word, "Export");
      button.disabled = false;
    };
    const entries = PACKAGES.map(([format, name, about], i) => {
      const contents = [element("strong", {}, name), element("small", {}, about)];
      if (i === 0) return element("a", { href: packageRoute(this.record, format), download: "", "data-export": format }, ...contents);
      return element("button", { type: "button", "data-export": format, onclick: () => save(format) }, ...contents);
    });
    const menu = element("div", { id, class: "vx-export-menu vx-package-menu", popover: "auto", "aria-label": "Export the model" }, ...entries);
    menu.addEventListener("toggle", ({ newState }) => {
      if (newState !== "open") return;
      const { right, bottom } = button.getBoundingClientRect();
      Object.assign(menu.style, { left: `${Math.max(8, right - menu.offsetWidth)}px`, top: `${bottom + 4}px` });
    });
    return element("div", {}, button, menu);
  }

  #banner() {
    const { deleted, runnable } = this.record;
    if (deleted) {
      const end = deleted.is_purged ? "Its weights are gone: what is left tells where its children come from." : "Nothing can run it until it is restored.";
      return [element("p", { class: "vx-warning", role: "status" }, `Deleted by ${deleted.by}, ${agoLong(new Date(deleted.at))}. ${end}`)];
    }
    return runnable ? [] : [element("p", { class: "vx-warning", role: "status" }, "This model was made by a newer voxloop. It can be looked at, not run.")];
  }

  #aliases() {
    return this.record.aliases.map((alias) => this.#chip(alias, "alias", `Take the alias ${alias} away`, () => this.#removeAlias(alias)));
  }

  #tags() {
    return this.record.tags.map((tag) => this.#chip(tag, "tag", `Remove the tag ${tag}`, () => this.#describe({ remove_tags: [tag] })));
  }

  #chip(text, kind, label, act) {
    const close = element("button", { type: "button", class: "vx-tag-close", "aria-label": label, title: label, onclick: act }, icon("close"));
    return element("span", { class: "vx-tag", "data-kind": kind }, text, ...(this.record.deleted ? [] : [close]));
  }

  #tagInput() {
    const input = element("input", { class: "vx-tag-input", placeholder: "+ tag", "aria-label": "Add a tag", maxlength: "40", autocomplete: "off" });
    input.addEventListener("keydown", ({ key }) => key === "Enter" && input.value.trim() && this.#describe({ add_tags: [input.value.trim().toLowerCase()] }));
    return input;
  }

  #description() {
    const { description, deleted } = this.record;
    const text = element("p", { class: description ? "vx-card-description" : "vx-card-description vx-muted" }, description || this.model.description || "No description.");
    if (deleted) return text;
    const edit = element("button", { type: "button", class: "vx-text-button", "data-action": "describe", onclick: () => row.replaceWith(this.#editor()) }, "Edit description");
    const row = element("div", { class: "vx-card-about" }, text, edit);
    return row;
  }

  #editor() {
    this.problem.tell(null);
    const area = element("textarea", { class: "form-control vx-card-editor", rows: "4", maxlength: "10000", "aria-label": "Description" });
    area.value = this.record.description;
    const save = element("button", { type: "button", class: "vx-primary", "data-action": "save-description", onclick: () => this.#describe({ description: area.value }) }, "Save");
    const cancel = element("button", { type: "button", class: "vx-secondary", onclick: () => this.reload() }, "Cancel");
    queueMicrotask(() => area.focus());
    return element("div", { class: "vx-card-about" }, area, element("div", { class: "vx-row" }, save, cancel));
  }

  async #describe(patch) {
    if (await this.problem.attempt(() => describeVersion(this.record, patch))) this.reload();
  }

  async #setAlias() {
    const { name, version } = this.record;
    const done = await askForAlias(this.record, this.model.aliases);
    return done && { kind: "done", title: "Alias set", text: `${name}@${done.alias} is ${name}:${version} now` };
  }

  async #removeAlias(alias) {
    if (await askWithoutAlias(this.record, alias)) this.reload();
  }

  async #do(order) {
    let notice;
    const isDone = await this.problem.attempt(async () => {
      notice = await order();
    });
    if (!isDone || !notice?.title) return;
    this.tell(notice);
    this.reload();
  }
}
