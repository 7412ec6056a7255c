"""Files and folders that appear whole or not at all."""

import errno
import os
import secrets
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter


def write_atomic(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Replace a file in one step: readers see the old content or the new; the umask narrows `mode`."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any, mode: int = 0o666) -> None:
    """Write a pydantic model or plain value as JSON, in one step."""
    write_atomic(path, TypeAdapter(Any).dump_json(value, indent=1), mode)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a folder aside that becomes `path`, durably, when the block ends well, and vanishes when it does not.

    Raises FileExistsError when `path` exists by then: of two writers the first wins.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    aside.mkdir(parents=True)
    try:
        yield aside
        keep_folder(aside, path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def keep_folder(aside: Path, path: Path) -> None:
    """Make a folder that was filled aside appear as `path`, durably; raises FileExistsError when that exists by then."""
    _sync_tree(aside)
    _rename_new(aside, path)
    sync_folder(path.parent)


def _rename_new(aside: Path, path: Path) -> None:
    if path.exists():
        raise FileExistsError(path)
    try:
        aside.rename(path)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:  # another writer was faster by a moment
            raise FileExistsError(path) from error
        raise


def _sync_tree(folder: Path) -> None:
    """Make all files below a folder durable: a rename may reach the disk before what it names."""
    for parent, _folders, names in os.walk(folder):
        for name in names:
            with (Path(parent) / name).open("rb") as stream:
                os.fsync(stream.fileno())
        sync_folder(Path(parent))


def remove_leftovers(folder: Path, kept: Container[Path] = ()) -> None:
    """Delete what writers that were killed have left aside in a folder, except what is to be `kept`."""
    for leftover in folder.glob(".*.partial"):
        if leftover not in kept:
            shutil.rmtree(leftover, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make a rename inside the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
