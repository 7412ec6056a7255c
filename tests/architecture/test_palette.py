"""The server and the page give new classes the same colours."""

import re
from pathlib import Path

from voxloop_shared.data.labels import class_color

PALETTE = Path(__file__).parents[2] / "services/annotate/src/voxloop_annotate/static/palette.mjs"


def test_the_page_goes_on_where_the_server_began() -> None:
    found = re.search(r"OKABE_ITO = \[(.*?)\]", PALETTE.read_text())
    assert found is not None
    colors = re.findall(r"#[0-9a-f]{6}", found[1])
    assert [class_color(number).lower() for number in range(1, len(colors) + 1)] == colors
