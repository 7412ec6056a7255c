"""The log files of services."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

from voxloop_compose.record import StackRecord
from voxloop_shared.errors import Forbidden

_POLL_S = 0.3
_TAIL_BYTES = 1 << 20
_LAST_BYTES = 4096
_CONTAINER_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP] ", re.MULTILINE)
"""What podman's monitor writes before each line of a container: when, from where, and F for a full one, P for a part of one."""


def read_service_log(record: StackRecord, service: str) -> Iterator[str]:
    """Give the last megabyte of a service's log."""
    yield _read(_log_file(record, service), None)[0]


def follow_service_log(record: StackRecord, service: str) -> Iterator[str]:
    """Give a service's log and what is added to it, as long as the stack runs."""
    text, offset = _read(_log_file(record, service), None)
    while record.supervisor.is_alive:
        if text:
            yield text
        time.sleep(_POLL_S)
        text, offset = _read(_log_file(record, service), offset)
    yield text


def last_lines(run_dir: Path, service: str) -> list[str]:
    """Give the last lines of a service's log, none where it has written none."""
    path = run_dir / service / "service.log"
    size = path.stat().st_size if path.exists() else 0
    return _read(path, max(0, size - _LAST_BYTES))[0].strip().splitlines()


def _log_file(record: StackRecord, service: str) -> Path:
    if record.is_of_colleague:
        raise Forbidden(f"only {record.run_dir.owner()}, who runs this stack, can read the logs of its services")
    return record.run_dir / service / "service.log"


def _read(path: Path, after: int | None) -> tuple[str, int]:
    """Read from an offset, or the tail where that is None; give the offset to go on from."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, 2)
            log.seek(max(0, end - _TAIL_BYTES) if after is None else after)
            raw = log.read()
            return _CONTAINER_LINE.sub("", raw.decode(errors="replace")), log.tell()
    except FileNotFoundError:
        return "", after or 0
