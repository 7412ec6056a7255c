// Which models a training can start from. No DOM.

const SHAPE = ["width", "depth"];

/** Say why a model cannot be trained on by a learner with changed `settings`, or null: none of its weights would fit. */
export function misfitOf(model, learner, settings) {
  if (model.learner !== learner) return `made by ${model.learner}`;
  const name = SHAPE.find((each) => settings[each] !== undefined && model.settings[each] !== undefined && settings[each] !== model.settings[each]);
  return name ? `its ${name} is ${model.settings[name]}, not ${settings[name]}` : null;
}

/** Give the models of a learner with why each cannot be started from (null: it can), those that fit first. */
export function parentsFor(models, learner, settings) {
  const found = models.filter((model) => model.learner === learner).map((model) => ({ model, misfit: misfitOf(model, learner, settings) }));
  return found.sort((a, b) => Number(Boolean(a.misfit)) - Number(Boolean(b.misfit)));
}

/** Give the newest model that learnt from these labels and fits, or null: nobody means a stranger's without saying so. */
export const newestOwn = (models, learner, settings) => parentsFor(models, learner, settings).find(({ model, misfit }) => model.is_ours && !misfit)?.model ?? null;

/** Name a model with its score, and say what may not suit the volume. */
export function modelText({ model, mean_dice: dice, is_ours: isOurs, volume, voxel_ratio: ratio }) {
  const score = dice === null ? "" : ` · ${dice.toFixed(2)}`;
  const origin = isOurs ? "" : ` · from ${volume}`;
  return `${model}${score}${origin}${ratioText(ratio)}`;
}

/** Say how a model's voxels differ from the volume's where that matters (by more than a quarter). */
export function ratioText(ratio) {
  if (ratio === null || Math.abs(Math.log(ratio)) < Math.log(1.25)) return "";
  return ratio > 1 ? ` · voxels ${ratio.toPrecision(2)} × larger` : ` · voxels ${(1 / ratio).toPrecision(2)} × smaller`;
}
