"""HTTP as far as the front must know it: what is asked for, and how a refusal is written."""

import html
import json

from voxloop_shared.errors import VoxloopError

END_OF_HEAD = b"\r\n\r\n"

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>voxloop</title></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 15vh auto; padding: 0 1em">
<h1>voxloop did not start</h1><p>{message}</p><p><a href="">Try again</a></p>
</body></html>
"""


def is_page(head: bytes) -> bool:
    """Say whether a person opens a page, rather than a page that is open already asking for something."""
    first, *lines = head.decode("latin-1").lower().split("\r\n")
    accepts = (line.partition(":")[2] for line in lines if line.startswith("accept:"))
    return first.startswith("get ") and any("text/html" in accepted for accepted in accepts)


def refusal(error: VoxloopError, *, as_page: bool) -> bytes:
    """Write an error as a whole answer: for a person to read, else in the services' one form."""
    body = _PAGE.format(message=html.escape(error.message)) if as_page else json.dumps(error.to_json())
    lines = (
        f"HTTP/1.1 {error.status} voxloop",
        f"Content-Type: {'text/html; charset=utf-8' if as_page else 'application/json'}",
        f"Content-Length: {len(body.encode())}",
        "Cache-Control: no-store",
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + END_OF_HEAD + body.encode()
