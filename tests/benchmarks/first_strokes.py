"""How long the first strokes after a start of the stack take, from lifting the pen to "saved", in the page: three fresh starts."""

from typing import Any

from tests.benchmarks.canvas import paint_strokes, wide_source
from tests.benchmarks.page import browser_page, open_volume, stack_over
from tests.benchmarks.report import print_figures
from tests.benchmarks.service import new_workspace
from voxloop_shared.data.volumes import import_volume

STARTS = 3


def main() -> dict[str, Any]:
    """Measure and print."""
    figures: dict[str, float] = {}
    with new_workspace() as workspace:
        import_volume(workspace, wide_source(), name="wide", origin="benchmark")
        for number in range(1, STARTS + 1):
            with stack_over(workspace) as url, browser_page(2560, 1440) as page:
                open_volume(page, url, "wide", "axis=z&index=4&zoom=1&center=4,1024,1024")
                found = paint_strokes(page)
            figures |= {f"start{number}_{name}": value for name, value in found.items() if name.startswith("stroke")}
    figures["worst_p95_ms"] = max(value for name, value in figures.items() if name.endswith("p95_ms"))
    return print_figures("first_strokes", figures, goal="worst_p95_ms <= 60")


if __name__ == "__main__":
    main()
