"""The log files of services."""

import time
from collections.abc import Iterator
from pathlib import Path

from voxloop_compose.record import StackRecord

_POLL_S = 0.3
_TAIL_BYTES = 1 << 20


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


def _log_file(record: StackRecord, service: str) -> Path:
    return record.run_dir / service / "service.log"


def _read(path: Path, after: int | None) -> tuple[str, int]:
    """Read from an offset, or the tail where that is None; give the offset to go on from."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, 2)
            log.seek(max(0, end - _TAIL_BYTES) if after is None else after)
            raw = log.read()
            return raw.decode(errors="replace"), log.tell()
    except FileNotFoundError:
        return "", after or 0
