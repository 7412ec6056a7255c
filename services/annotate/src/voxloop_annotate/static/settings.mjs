// A learner's settings as its JSON schema has them: fields to draw, and what may be typed. No DOM.

const GROUPS = [
  ["Network", ["width", "depth", "in_channels", "planes", "members", "space", "scales", "smoothing", "trees"]],
  ["Learning", ["crop", "batch", "learning_rate", "weight_decay", "averaging", "settled", "variation", "guide", "proportions", "class_weights", "dice", "self_training"]],
  ["Judging", ["held_out", "refit", "patience"]],
  ["From a model", ["shrink", "perturb", "warm_rate"]],
  ["Run", ["steps", "seed", "checkpoint_s"]],
];

const REST = "More";

/** Give the fields of a schema in groups: [{title, fields: [{name, title, help, type, initial, …}]}]; what no group names comes last. */
export function readGroups(schema) {
  const fields = readFields(schema);
  const placed = new Set(GROUPS.flatMap(([, names]) => names));
  const all = [...GROUPS, [REST, fields.map(({ name }) => name).filter((name) => !placed.has(name))]];
  return all.map(([title, names]) => ({ title, fields: fields.filter(({ name }) => names.includes(name)) })).filter(({ fields: found }) => found.length);
}

/** Give the fields of a schema in its order. */
export function readFields(schema) {
  return Object.entries(schema.properties ?? {}).map(([name, about]) => readField(name, about));
}

function readField(name, about) {
  const isOptional = about.anyOf?.some(({ type }) => type === "null") ?? false;
  const given = { ...about, ...about.anyOf?.find(({ type }) => type !== "null") };
  const field = { name, title: given.title ?? name, help: given.description ?? "", initial: given.default ?? null, isOptional };
  if (given.enum) return { ...field, type: "choice", choices: given.enum };
  const bounds = { min: given.minimum ?? null, max: given.maximum ?? null, above: given.exclusiveMinimum ?? null, below: given.exclusiveMaximum ?? null, multiple: given.multipleOf ?? null };
  return { ...field, type: given.type, ...bounds };
}

/** Read what was typed or chosen: {value}, or {problem} that says what would be right. */
export function readValue(text, field) {
  const trimmed = String(text).trim().replace(",", ".").replace("−", "-");
  if (field.type === "boolean") return { value: trimmed === "true" };
  if (field.type === "choice") return { value: field.choices.find((each) => String(each) === trimmed) ?? field.initial };
  if (!trimmed) return field.isOptional ? { value: null } : { problem: `give ${wanted(field)}` };
  const value = Number(trimmed);
  return isRight(value, field) ? { value } : { problem: `${text.trim()}: give ${wanted(field)}` };
}

function isRight(value, { type, min, max, above, below, multiple }) {
  if (!Number.isFinite(value) || (type === "integer" && !Number.isInteger(value))) return false;
  if ((min !== null && value < min) || (max !== null && value > max)) return false;
  if ((above !== null && value <= above) || (below !== null && value >= below)) return false;
  return multiple === null || value % multiple === 0;
}

/** Say in words what a field takes: "a whole number from 4 to 128". */
export function wanted({ type, min, max, above, below, multiple, isOptional }) {
  const kind = multiple ? `a multiple of ${multiple}` : type === "integer" ? "a whole number" : "a number";
  const low = min !== null ? `from ${min}` : above !== null ? `above ${above}` : "";
  const high = max !== null ? (low.startsWith("from") ? `to ${max}` : `up to ${max}`) : below !== null ? `below ${below}` : min !== null ? "up" : "";
  return [kind, low, high, isOptional ? "or nothing" : ""].filter(Boolean).join(" ");
}

/** Give what a field is when nobody sets it: the parent's value, or the default. */
export const baseOf = (field, parent) => (field.name === "seed" || field.name === "steps" ? field.initial : (parent?.settings[field.name] ?? field.initial));

/** Give a value as it is typed. */
export const textOf = (value) => (value === null ? "" : String(value));
