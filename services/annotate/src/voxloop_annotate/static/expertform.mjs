// All settings of a learner, in groups, folded away: what was changed is marked and can be set back, what is wrong is said by the field.

import { element, iconButton, setText } from "./element.mjs";
import { baseOf, readGroups, readValue, textOf } from "./settings.mjs";

const ACCEPTED = [["use", "learn from them, too"], ["ignore", "only what was painted"]];

export class ExpertForm {
  /** `change({settings | accepted})` is called with what somebody set; `settings` = {learner: changed values}. */
  constructor(change) {
    Object.assign(this, { change, rows: [], problems: new Map() });
    this.count = element("span", { class: "vx-expert-count" });
    this.reset = element("button", { type: "button", class: "vx-text-button", "data-action": "reset-settings", onclick: () => this.#reset() }, "Set all back");
    this.accepted = element("select", { id: "train-accepted", class: "form-select", onchange: () => change({ accepted: this.accepted.value }) }, ...ACCEPTED.map(([value, text]) => element("option", { value }, text)));
    this.body = element("div");
    const row = element("div", { class: "vx-train-row" }, element("label", { class: "vx-field-label", for: "train-accepted" }, "Accepted"), this.accepted);
    this.node = element("details", { class: "vx-fold vx-expert", id: "train-expert" }, element("summary", {}, "All settings", this.count), row, this.body, this.reset);
  }

  /** Give the first setting that is wrong, in words, or null. */
  get problem() {
    const [first] = this.problems.entries();
    return first ? `${first[0]}: ${first[1]}` : null;
  }

  /** Show the settings of a learner (`about`, as GET learners has it); `parent` is a model that the training starts from, or null. */
  update({ about, settings, parent, accepted, all }) {
    Object.assign(this, { settings, parent, all });
    this.accepted.value = accepted;
    if (about && about.name !== this.learner) this.#build(about);
    for (const row of this.rows) row.update();
    const changed = Object.keys(settings).length + (accepted === "use" ? 0 : 1);
    setText(this.count, changed ? `${changed} changed` : "");
    this.reset.hidden = !changed && !this.problems.size;
  }

  #build(about) {
    this.learner = about.name;
    this.problems.clear();
    this.rows = [];
    const groups = readGroups(about.settings).map(({ title, fields }) => {
      const rows = fields.map((field) => new SettingRow(field, this));
      this.rows.push(...rows);
      return element("fieldset", { class: "vx-setting-group" }, element("legend", {}, title), ...rows.map(({ node }) => node));
    });
    this.body.replaceChildren(...groups);
  }

  /** Take over what a row was set to; undefined: back to what it is by itself. */
  put(name, value) {
    const { [name]: _, ...others } = this.settings;
    const settings = value === undefined ? others : { ...others, [name]: value };
    this.change({ settings: { ...this.all, [this.learner]: settings } });
  }

  #reset() {
    this.problems.clear();
    for (const row of this.rows) row.forget();
    this.change({ settings: { ...this.all, [this.learner]: {} }, accepted: "use" });
  }
}

class SettingRow {
  constructor(field, form) {
    Object.assign(this, { field, form });
    this.control = controlOf(field, () => this.#read());
    this.back = iconButton("undo", `Set ${field.title} back`, "", { class: "vx-icon-button vx-row-button vx-tip-left", "data-reset": field.name, onclick: () => this.#setBack() });
    this.problem = element("div", { class: "vx-setting-problem", role: "alert", hidden: true });
    const label = element("label", { for: this.control.id, title: field.help }, field.title);
    this.node = element("div", { class: "vx-setting", "data-setting": field.name }, label, this.control, this.back, element("div", { class: "vx-setting-help" }, field.help), this.problem);
  }

  update() {
    const { field, form, control } = this;
    const isSet = field.name in form.settings;
    this.node.toggleAttribute("data-changed", isSet);
    this.back.hidden = !isSet && !form.problems.has(field.title);
    if (form.problems.has(field.title) || control === document.activeElement) return;
    const value = isSet ? form.settings[field.name] : baseOf(field, form.parent);
    if (field.type === "boolean") control.checked = value;
    else control.value = textOf(value);
  }

  /** Drop what was typed and is wrong. */
  forget() {
    this.#tell(null);
    this.control.blur();
  }

  #read() {
    const { field, form, control } = this;
    const { value, problem = null } = readValue(field.type === "boolean" ? control.checked : control.value, field);
    this.#tell(problem);
    form.put(field.name, problem || value === baseOf(field, form.parent) ? undefined : value);
  }

  #setBack() {
    this.forget();
    this.form.put(this.field.name, undefined);
  }

  #tell(problem) {
    const { problems } = this.form;
    if (problem) problems.set(this.field.title, problem);
    else problems.delete(this.field.title);
    this.control.setAttribute("aria-invalid", String(Boolean(problem)));
    this.problem.hidden = !problem;
    setText(this.problem, problem ?? "");
  }
}

function controlOf(field, onchange) {
  const about = { id: `setting-${field.name}`, "aria-label": field.title, onchange };
  if (field.type === "boolean") return element("input", { type: "checkbox", class: "form-check-input", ...about });
  if (field.type === "choice") return element("select", { class: "form-select", ...about }, ...field.choices.map((value) => element("option", { value }, textOf(value))));
  return element("input", { type: "text", inputmode: "decimal", class: "vx-number", placeholder: field.isOptional ? "none" : "", ...about });
}
