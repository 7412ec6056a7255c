// Times as people read them: how long ago, in one short word.

const UNITS = [[86_400, "d"], [3600, "h"], [60, "min"]];

/** Give how long ago a date is: now, 5 min, 3 h, 12 d. */
export function agoText(date, now = Date.now()) {
  const seconds = (now - date.getTime()) / 1000;
  const unit = UNITS.find(([size]) => seconds >= size);
  return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]}` : "now";
}

/** Give how long ago a date is, to be read in a sentence: just now, 5 min ago. */
export function agoLong(date, now = Date.now()) {
  const text = agoText(date, now);
  return text === "now" ? "just now" : `${text} ago`;
}
