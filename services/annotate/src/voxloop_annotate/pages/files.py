"""The page's own files: style sheets, scripts, ES modules, icons.

Their addresses hold a version, so that browsers keep them until they change.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from typing_extensions import override

FOLDER = Path(__file__).parents[1] / "static"
_VERSION = "v-"


class PageFiles(StaticFiles):
    """Serves FOLDER below any version, for good, and below none, to be asked for again."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    @override
    def get_path(self, scope: Scope) -> str:
        path = super().get_path(scope)
        return path.partition("/")[2] if path.startswith(_VERSION) else path

    @override
    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_kept = super().get_path(scope).startswith(_VERSION)
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if is_kept else "no-cache"
        return response


def files_address() -> str:
    """Give the folder, relative to where the pages begin, that names the files as they are now: they may change while a service runs."""
    stats = [(path, path.stat()) for path in sorted(FOLDER.rglob("*")) if path.is_file()]
    return f"static/{_VERSION}{_digest(tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in stats))}"


def inline_icons() -> str:
    """Give the drawings of icons.svg for the document itself, as #icon-NAME: those of a file would be asked for with each stroke, twice."""
    symbols = re.findall(r"<symbol .*?</symbol>", (FOLDER / "icons.svg").read_text(), re.DOTALL)
    return '<svg style="display: none">' + "".join(symbols).replace('<symbol id="', '<symbol id="icon-') + "</svg>"


@lru_cache(1)
def _digest(stats: tuple[tuple[Path, int, int], ...]) -> str:
    found = hashlib.sha256()
    for path, _, size in stats:
        found.update(f"{path.relative_to(FOLDER)} {size} ".encode() + path.read_bytes())
    return found.hexdigest()[:12]
