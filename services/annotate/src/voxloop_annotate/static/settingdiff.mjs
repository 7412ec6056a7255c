// In what several models differ. No DOM.

import { flatEntries, scoreText, scoresOf } from "./modelfacts.mjs";

const ABSENT = "–";

/** Give [{name, values, isSame}] over the settings of all manifests, those that differ first; an absent one is "–". */
export function compareSettings(manifests) {
  const rows = align(manifests.map(({ settings, ...rest }) => [["learner", rest.learner], ["planes", rest.planes], ["volume", rest.volume], ["labels", rest.snapshot], ...flatEntries(settings)]));
  return rows.sort((a, b) => Number(a.isSame) - Number(b.isSame));
}

/** Give [{name, color, values, best}] of Dice: the mean, then each class by its name; `best` is the column with the highest, null where two are alike. */
export function compareScores(manifests) {
  const mean = row("mean Dice", null, manifests.map(({ metrics = {} }) => ({ dice: metrics.mean_dice, spread: metrics.dice_spread })));
  const scores = manifests.map(scoresOf);
  const names = [...new Set(scores.flatMap((each) => each.map(({ name }) => name)))];
  return [mean, ...names.map((name) => row(name, scores.flat().find((each) => each.name === name).color, scores.map((each) => each.find((score) => score.name === name) ?? {})))];
}

/** Give [{name, values, isSame}] of the other figures. */
export function compareFigures(manifests) {
  const skipped = /^(dice|dice_spread_per_class)\.|^(mean_dice|dice_spread|held_out)$/;
  return align(manifests.map(({ metrics, duration_s: seconds, hardware }) => [...flatEntries(metrics).filter(([name]) => !skipped.test(name)), ["trained_for_s", String(Math.round(seconds))], ["hardware", hardware]]));
}

function row(name, color, entries) {
  const known = entries.map(({ dice }) => (Number.isFinite(dice) ? dice : -1));
  const most = Math.max(...known);
  const isClear = most >= 0 && known.filter((each) => each === most).length === 1;
  return { name, color, values: entries.map(({ dice, spread }) => scoreText(dice, spread)), best: isClear ? known.indexOf(most) : null };
}

function align(columns) {
  const maps = columns.map((entries) => new Map(entries));
  const names = [...new Set(columns.flatMap((entries) => entries.map(([name]) => name)))];
  return names.map((name) => {
    const values = maps.map((map) => String(map.get(name) ?? ABSENT));
    return { name, values, isSame: values.every((value) => value === values[0]) };
  });
}
