// The scores of the rounds as a small chart: a dot per round with its spread, joined by a line. `chartOf` has no DOM.

const [WIDTH, HEIGHT, PAD] = [240, 56, 8];

const SVG = "http://www.w3.org/2000/svg";

/** Give {low, high, points: [{number, x, y, top, bottom, score}]} in chart pixels; rounds without a score leave a gap. */
export function chartOf(rounds, width = WIDTH, height = HEIGHT) {
  const judged = rounds.filter(({ mean_dice: dice }) => dice !== null);
  const spreadOf = ({ dice_spread: spread }) => spread ?? 0;
  const low = Math.max(0, Math.min(...judged.map((each) => each.mean_dice - spreadOf(each))) - 0.02);
  const high = Math.min(1, Math.max(...judged.map((each) => each.mean_dice + spreadOf(each))) + 0.02);
  const x = ({ number }) => PAD + ((width - 2 * PAD) * (number - 0.5)) / rounds.length;
  const y = (dice) => height - PAD - ((height - 2 * PAD) * (Math.min(high, Math.max(low, dice)) - low)) / Math.max(high - low, 1e-6);
  const points = judged.map((each) => ({ number: each.number, score: each.mean_dice, x: x(each), y: y(each.mean_dice), top: y(each.mean_dice + spreadOf(each)), bottom: y(each.mean_dice - spreadOf(each)) }));
  return { low, high, points };
}

/** Draw the chart; null where there is nothing to compare. */
export function drawChart(rounds) {
  const { low, high, points } = chartOf(rounds);
  if (points.length < 2) return null;
  const node = make("svg", { class: "vx-round-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Validation Dice from ${low.toFixed(2)} to ${high.toFixed(2)}` });
  node.append(make("polyline", { class: "vx-round-line", points: points.map(({ x, y }) => `${x},${y}`).join(" ") }));
  for (const { number, score, x, y, top, bottom } of points) {
    const title = make("title");
    title.textContent = `round ${number}: ${score.toFixed(3)}`;
    const dot = make("circle", { class: "vx-round-dot", cx: x, cy: y, r: 3 });
    dot.append(title);
    node.append(make("line", { class: "vx-round-spread", x1: x, x2: x, y1: top, y2: bottom }), dot);
  }
  node.append(text(high, 8), text(low, HEIGHT - 2));
  return node;
}

function text(value, y) {
  const node = make("text", { class: "vx-round-scale", x: 0, y });
  node.textContent = value.toFixed(2);
  return node;
}

function make(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
