"""Environments of other programs, whose needs are not ours: made once per machine, and kept in the user's cache.

What such a program needs in the version that we have, too, it takes from our environment; the rest lies in its own.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

_LISTS = Path(__file__).parent / "environments"
_ASKED_BY = "VOXLOOP_TEST_OTHER_PROGRAMS"
_PATIENCE_S = 900


def python_of(name: str, *, is_heavy: bool = False) -> Path:
    """Give the Python of the environment that `environments/NAME.txt` lists; one that is heavy is made only where that is asked for."""
    listed = (_LISTS / f"{name}.txt").read_text()
    key = hashlib.sha256(f"{listed} {_ours()} {sys.version}".encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "voxloop-tests"
    folder = cache / f"{name}-{key}"
    if not (folder / "complete").exists():
        if is_heavy and not os.environ.get(_ASKED_BY):
            pytest.skip(f"{name} is not installed: {_ASKED_BY}=1 installs it (hundreds of megabytes) into {folder}")
        _make(folder, _LISTS / f"{name}.txt")
    return folder / "bin" / "python"


def _make(folder: Path, listed: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    (theirs,) = folder.glob("lib/python*/site-packages")
    (theirs / "ours.pth").write_text(f"{_ours()}\n")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(listed)]
    subprocess.run(pip, timeout=_PATIENCE_S, check=True)
    (folder / "complete").touch()


def _ours() -> str:
    return sysconfig.get_paths()["purelib"]
