"""The wheels that images are made from: a folder that somebody has filled, or one that pip fills from what is installed here."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from urllib.parse import unquote, urlsplit

from voxloop_compose import __version__
from voxloop_shared.errors import InvalidInput, NotFound, VoxloopError
from voxloop_shared.settings import SERVICES

_OURS = ("voxloop-shared", *(f"voxloop-{service}" for service in SERVICES))
_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Wheels:
    """A folder with all wheels of the four services, and pip's."""

    folder: Path
    libraries: str
    """Digest of the wheels of others: changes with their versions."""
    digest: str
    """Digest of all of them: changes with any of our files, too."""


def read_wheels(folder: Path) -> Wheels:
    """Look through a folder; raises InvalidInput, saying how to fill it, where something is missing."""
    files = sorted(folder.glob("*.whl")) if folder.is_dir() else []
    names = {(_name(path), _version(path)) for path in files}
    missing = [name for name in _OURS if (name, __version__) not in names] + ([] if "pip" in dict(names) else ["pip"])
    if missing:
        raise InvalidInput(
            f"{folder} has no wheel of {', '.join(missing)} (version {__version__} of ours): in voxloop's source tree, fill it with "
            f"`pip wheel -c constraints.txt -w {folder} pip ./shared ./services/*`"
        )
    ours = [path for path in files if _name(path).startswith("voxloop")]
    others = [path.name.encode() for path in files if path not in ours]
    return Wheels(folder, _digest(others), _digest([*others, *(_content(path) for path in ours)]))


@contextmanager
def own_wheels() -> Iterator[Wheels]:
    """Have pip make the wheels of this very installation, in a folder that lasts as long as the block.

    Raises NotFound where voxloop was not installed from its source tree, VoxloopError with pip's words where it fails.
    """
    sources = [_source_of(name) for name in _OURS]
    with tempfile.TemporaryDirectory(prefix="voxloop-wheels-") as made:
        folder = Path(made)
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(f"{line}\n" for line in _installed()))
        command = [sys.executable, "-m", "pip", "wheel", "-q", "-c", str(constraints), "-w", str(folder), "pip", *map(str, sources)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        if done.returncode:
            raise VoxloopError(f"pip could not gather the wheels: {_last_line(done.stderr)}; or give a filled folder with --wheels")
        yield read_wheels(folder)


def _source_of(name: str) -> Path:
    """Give the folder from which a distribution was installed."""
    try:
        said = distribution(name).read_text("direct_url.json")
    except PackageNotFoundError:
        said = None
    url = urlsplit(json.loads(said)["url"]) if said else None
    path = Path(unquote(url.path)) if url is not None and url.scheme == "file" else None
    if path is None or not (path / "pyproject.toml").exists():
        raise NotFound(f"the source of {name} is not on this machine: give a folder of wheels with --wheels (README, Containers)")
    return path


def _installed() -> Iterable[str]:
    """List what is installed here, so that images hold the same versions."""
    return sorted({f"{_name_of(found)}=={found.version}" for found in distributions() if not _name_of(found).startswith("voxloop")})


def _name_of(found: Distribution) -> str:
    return str(found.metadata["Name"]).lower()


def _name(path: Path) -> str:
    return path.name.split("-")[0].replace("_", "-").lower()


def _version(path: Path) -> str:
    return path.name.split("-")[1]


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part + b"\0")
    return digest.hexdigest()[:_DIGEST_LENGTH]


def _last_line(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if not line.startswith(("WARNING", "[notice]"))]
    return (lines or ["it said nothing"])[-1].removeprefix("ERROR: ")
