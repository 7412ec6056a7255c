// A post-processing chain as the page edits it: {steps, fallback, priority}, never changed in place. No DOM.

const KINDS = {
  range: "Intensity range",
  closing: "Close gaps",
  opening: "Open thin parts",
  dilation: "Grow",
  erosion: "Shrink",
  majority: "Smooth: majority",
  gaussian: "Smooth: Gaussian",
  remove_small: "Remove small parts",
  fill_holes: "Fill holes",
  keep_largest: "Keep largest parts",
};

const TEXTS = { slice: "slice", volume: "3D", mm3: "mm³" };

export const EMPTY = { steps: [], fallback: null, priority: [] };

/** Give the kinds of steps of a chain's JSON schema: [{kind, title, help, fields: [{name, title, help, type, …}]}]. */
export function readKinds(schema) {
  const { mapping } = schema.properties.steps.items.discriminator;
  return Object.entries(mapping).map(([kind, ref]) => {
    const { description, properties } = schema.$defs[ref.split("/").at(-1)];
    const fields = Object.entries(properties).filter(([name]) => name !== "kind" && name !== "classes");
    return { kind, title: titleOf(kind), help: description, fields: fields.map(([name, about]) => readField(name, about)) };
  });
}

export const titleOf = (kind) => KINDS[kind] ?? kind.replaceAll("_", " ");

function readField(name, about) {
  const isOptional = about.anyOf?.some(({ type }) => type === "null") ?? false;
  const { title = name, description: help = "", default: initial = null, ...rest } = { ...about, ...about.anyOf?.find(({ type }) => type !== "null") };
  const field = { name, title, help, initial, isOptional };
  if (rest.enum) return { ...field, type: "choice", choices: rest.enum.map((value) => [value, TEXTS[value] ?? value]) };
  return { ...field, type: rest.type, min: rest.minimum ?? rest.exclusiveMinimum ?? null, max: rest.maximum ?? null, isOdd: rest.odd ?? false };
}

/** Make a step with its defaults; a range gets that of the volume's intensities. */
export function newStep({ kind, fields }, intensity) {
  const step = { kind, classes: null, ...Object.fromEntries(fields.map(({ name, initial }) => [name, initial])) };
  if (kind !== "range") return step;
  const { min, max, percentiles = {} } = intensity;
  return { ...step, low: percentiles["1"] ?? min, high: percentiles["99"] ?? max };
}

export const addStep = (chain, step) => ({ ...chain, steps: [...chain.steps, step] });

export const removeStep = (chain, at) => ({ ...chain, steps: chain.steps.filter((_, i) => i !== at) });

export const changeStep = (chain, at, patch) => ({ ...chain, steps: chain.steps.map((step, i) => (i === at ? { ...step, ...patch } : step)) });

/** Put step `at` before the one that stands at `to`; nothing moves past the ends. */
export function moveStep(chain, at, to) {
  const steps = [...chain.steps];
  const [step] = steps.splice(at, 1);
  steps.splice(Math.max(0, Math.min(steps.length, to)), 0, step);
  return { ...chain, steps };
}

/** Take a class into a step or out of it; all but the fallback are the same as none named. */
export function toggleClass(step, id, classes, fallback) {
  const changed = classes.map((each) => each.id).filter((each) => each !== fallback);
  const chosen = new Set(step.classes ?? changed);
  if (!chosen.delete(id)) chosen.add(id);
  const named = classes.map((each) => each.id).filter((each) => chosen.has(each));
  return { ...step, classes: String(named) === String(changed) ? null : named };
}

export const isChanged = (step, id, fallback) => (step.classes ? step.classes.includes(id) : id !== fallback);

/** Give the classes from the one that wins down, as a chain puts them together. */
export function ranking({ priority, fallback }, classes) {
  const rest = classes.map(({ id }) => id).filter((id) => !priority.includes(id));
  return [...priority, ...rest.filter((id) => id !== fallback), ...rest.filter((id) => id === fallback)];
}

/** Let a class win over the one before it. */
export function promote(chain, id, classes) {
  const order = ranking({ ...chain, fallback: fallbackOf(chain, classes) }, classes);
  const at = order.indexOf(id);
  if (at < 1) return chain;
  [order[at - 1], order[at]] = [order[at], order[at - 1]];
  return { ...chain, priority: order };
}

export const fallbackOf = ({ fallback }, classes) => fallback ?? classes[0]?.id ?? 0;

/** Read a number that was typed; null for none where that is allowed, undefined for what is no number in bounds. */
export function readNumber(text, { type, min, max, isOdd, isOptional }) {
  const trimmed = text.trim().replace(",", ".").replace("−", "-");
  if (!trimmed) return isOptional ? null : undefined;
  const value = Number(trimmed);
  const isWrong = !Number.isFinite(value) || (type === "integer" && !Number.isInteger(value)) || (isOdd && value % 2 === 0);
  return isWrong || (min !== null && value < min) || (max !== null && value > max) ? undefined : value;
}
