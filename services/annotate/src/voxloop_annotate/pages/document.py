"""The Dash application, whose document names every address relative to where it is mounted."""

from typing import Any

import dash
from typing_extensions import override

from voxloop_annotate.pages.files import files_address

_MARK = "/voxloop-document/"
"""Stands where Dash wants an absolute prefix; no other text has it."""
_MARK_IN_JSON = _MARK.replace("/", "\\u002f")
"""The same as Dash writes it into the document's configuration."""
_BASE = "{base}"
_FILES = "{files}"


class Document(dash.Dash):  # type: ignore[misc]
    """A page that works wherever a proxy mounts it, without being told: under /, under /user/NAME/voxloop/, both at once.

    Its frame has a `<base href="{base}">`, from which the browser resolves all other addresses, however deep the page's own path is;
    `{files}` stands for the folder of the page's own files.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, requests_pathname_prefix=_MARK, routes_pathname_prefix="/", **options)

    @override
    def interpolate_index(self, **parts: str) -> str:
        frame = str(super().interpolate_index(**parts)).replace(_FILES, files_address())
        document = frame.replace(_BASE, way_up(self.backend.request_adapter().path))
        return document.replace(_MARK, "./").replace(_MARK_IN_JSON, "./")


def way_up(path: str) -> str:
    """Give the relative address that leads from a page's path, as a proxy leaves it, to where the pages begin."""
    return "../" * path.lstrip("/").count("/") or "./"
