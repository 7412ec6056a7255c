"""The curves as a picture: mean Dice against simulated minutes and against painted voxels, a row per case, a band of ± a standard error."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.annotator.summary import Run, curve

_WIDTH, _HEIGHT = 420, 260
_LEFT, _TOP, _GAP = 56, 40, 24
_COLORS = {
    "combined": "#d55e00",
    "entropy": "#0072b2",
    "coreset": "#009e73",
    "balanced": "#cc79a7",
    "disagreement": "#e69f00",
    "random": "#666666",
}
_AXES = (("minutes", "simulated minutes"), ("voxels", "painted voxels"))
_POINTS = 60


def draw_chart(runs: Sequence[Run]) -> str:
    """Give the picture as SVG."""
    cases = list(dict.fromkeys(run["case"] for run in runs))
    width, height = len(_AXES) * (_WIDTH + _LEFT + _GAP), len(cases) * (_HEIGHT + _TOP + _GAP) + 32
    plots = [
        _plot([run for run in runs if run["case"] == case], case, key, title, column, row)
        for row, case in enumerate(cases)
        for column, (key, title) in enumerate(_AXES)
    ]
    style = "text{font:12px sans-serif;fill:#333}line{stroke:#ddd}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"><style>{style}</style>'
    )
    return f'{head}<rect width="100%" height="100%" fill="#fff"/>{"".join(plots)}{_legend(runs, height - 12)}</svg>\n'


def _plot(runs: Sequence[Run], case: str, key: str, title: str, column: int, row: int) -> str:
    x0, y0 = column * (_WIDTH + _LEFT + _GAP) + _LEFT, row * (_HEIGHT + _TOP + _GAP) + _TOP
    at = np.linspace(max(run["rounds"][0][key] for run in runs), min(run["rounds"][-1][key] for run in runs), _POINTS)
    curves = {name: np.array([curve(run, key, at) for run in runs if run["acquisition"] == name]) for name in _COLORS}
    curves = {name: found for name, found in curves.items() if len(found)}
    low, high = _bounds(np.concatenate([found.mean(axis=0) for found in curves.values()]))

    def place(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> str:
        columns, rows = x0 + (xs - at[0]) / (at[-1] - at[0]) * _WIDTH, y0 + (high - np.clip(ys, low, high)) / (high - low) * _HEIGHT
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(columns, rows, strict=True))

    drawn = [_frame(x0, y0, (float(at[0]), float(at[-1])), (low, high), f"{case}: mean Dice, {title}")]
    for name, found in curves.items():
        mean, error = found.mean(axis=0), found.std(axis=0) / max(1, len(found) - 1) ** 0.5
        band = f"{place(at, mean + error)} {place(at[::-1], (mean - error)[::-1])}"
        drawn.append(f'<polygon points="{band}" fill="{_COLORS[name]}" opacity="0.12"/>')
        drawn.append(f'<polyline points="{place(at, mean)}" fill="none" stroke="{_COLORS[name]}" stroke-width="2"/>')
    return "".join(drawn)


def _bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(np.floor(values.min() * 20) / 20), float(np.ceil(values.max() * 20) / 20)


def _frame(x0: int, y0: int, span: tuple[float, float], dice: tuple[float, float], title: str) -> str:
    """Draw title, grid and ticks of a plot."""
    drawn = [f'<text x="{x0}" y="{y0 - 12}" font-weight="bold">{title}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        y, value = y0 + (1 - share) * _HEIGHT, dice[0] + share * (dice[1] - dice[0])
        drawn.append(f'<line x1="{x0}" x2="{x0 + _WIDTH}" y1="{y}" y2="{y}"/><text x="{x0 - 40}" y="{y + 4}">{value:.3f}</text>')
        drawn.append(f'<text x="{x0 + share * _WIDTH - 10:.0f}" y="{y0 + _HEIGHT + 16}">{span[0] + share * (span[1] - span[0]):.3g}</text>')
    return "".join(drawn)


def _legend(runs: Sequence[Run], y: int) -> str:
    names = [name for name in _COLORS if any(run["acquisition"] == name for run in runs)]
    return "".join(_key(name, _LEFT + 120 * n, y) for n, name in enumerate(names))


def _key(name: str, x: int, y: int) -> str:
    line = f'<line x1="{x}" x2="{x + 24}" y1="{y - 4}" y2="{y - 4}" style="stroke:{_COLORS[name]};stroke-width:3"/>'
    return f'{line}<text x="{x + 30}" y="{y}">{name}</text>'
