// Numbers as people read them: few digits, a unit.

const NAMES = { um: "µm", micrometer: "µm", micron: "µm", "μm": "µm", nanometer: "nm", millimeter: "mm", angstrom: "Å", centimeter: "cm", meter: "m" };

const STEPS = { nm: [1000, "µm"], "µm": [1000, "mm", 1000, "nm"], mm: [null, null, 1000, "µm"] };

/** Give a count in at most five characters: 812, 12.4k, 3.1M. */
export function shortCount(count) {
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    const value = count / size;
    if (value >= 0.9995) return `${value >= 99.95 ? Math.round(value) : value.toFixed(1)}${letter}`;
  }
  return String(count);
}

/** Give a voxel value: whole numbers as they are, others with four digits. */
export function shortValue(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return Number(value.toPrecision(4)).toString();
}

/** Give the sign of a length unit as volumes name it; none means voxels. */
export function unitSign(unit) {
  return !unit || unit === "voxel" || unit === "pixel" ? "voxels" : (NAMES[unit] ?? unit);
}

/** Give the largest 1, 2 or 5 × 10ⁿ that is not above `limit`. */
export function roundLength(limit) {
  const power = 10 ** Math.floor(Math.log10(limit));
  const step = [5, 2, 1].find((digit) => digit * power <= limit * (1 + 1e-9));
  return step * power;
}

/** Give a length with its unit, in the next larger or smaller unit where that reads better. */
export function lengthText(length, unit) {
  const sign = unitSign(unit);
  const [up, larger, down, smaller] = STEPS[sign] ?? [];
  if (up && length >= up) return `${shortValue(length / up)} ${larger}`;
  if (down && length < 1) return `${shortValue(length * down)} ${smaller}`;
  return `${shortValue(length)} ${sign}`;
}

/** Give a count of voxels with the space they fill: "12,431 voxels, 0.031 mm³"; `info` is the volume's. */
export function amountText(count, { voxel_size: size, unit }) {
  const voxels = `${count.toLocaleString("en")} ${count === 1 ? "voxel" : "voxels"}`;
  const sign = unitSign(unit);
  if (sign === "voxels" || !size) return voxels;
  return `${voxels}, ${spaceText(count * size.reduce((a, b) => a * b, 1), sign)}`;
}

/** Give a space in the cube of a unit. A step of units is 1e9 in space: the next begins where four digits no longer do. */
export function spaceText(space, sign) {
  const [up, larger, down, smaller] = STEPS[sign] ?? [];
  if (up && space >= 1e6) return `${shortValue(space / up ** 3)} ${larger}³`;
  if (down && space > 0 && space < 1e-3) return `${shortValue(space * down ** 3)} ${smaller}³`;
  return `${shortValue(space)} ${sign}³`;
}
