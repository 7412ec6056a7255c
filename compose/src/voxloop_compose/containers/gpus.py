"""Which GPUs a container sees: named by CDI, as nvidia-ctk describes them to podman."""

import json
import re
from pathlib import Path

from voxloop_compose.containers.description import GPU_KIND
from voxloop_shared.errors import InvalidInput, NotFound

CDI_FOLDERS = (Path("/etc/cdi"), Path("/var/run/cdi"))
_MAKE = "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
_CHOICE = re.compile(r"[0-9]+(,[0-9]+)*")
NONE, ALL, AUTO = "none", "all", "auto"


def choose_gpus(wanted: str, folders: tuple[Path, ...] = CDI_FOLDERS) -> tuple[str, ...]:
    """Give the CDI names for `all`, `none`, `0,1`, or `auto` (all where there are any that are described).

    Raises NotFound where a GPU was asked for and none is described, InvalidInput for any other word.
    """
    if wanted == NONE:
        return ()
    described = _is_described(folders)
    if wanted == AUTO:
        return (f"{GPU_KIND}=all",) if described else ()
    if wanted != ALL and not _CHOICE.fullmatch(wanted):
        raise InvalidInput(f"--gpu {wanted!r}: say all, none, auto, or numbers like 0,1")
    if not described:
        found = "this node has an NVIDIA GPU, but no CDI description of it" if has_nvidia_gpu() else "this node shows no NVIDIA GPU"
        raise NotFound(f"{found}: where there is one, `{_MAKE}` describes it; without one use --gpu none")
    return tuple(f"{GPU_KIND}={number}" for number in (["all"] if wanted == ALL else wanted.split(",")))


def has_nvidia_gpu() -> bool:
    """Say whether the kernel's driver shows a GPU."""
    return any(Path("/dev").glob("nvidia[0-9]*"))


def _is_described(folders: tuple[Path, ...]) -> bool:
    files = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
    return any(_describes_gpus(path) for path in files if path.suffix in (".json", ".yaml", ".yml"))


def _describes_gpus(path: Path) -> bool:
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return False
    if path.suffix == ".json":
        try:
            return bool(json.loads(text).get("kind") == GPU_KIND)
        except (ValueError, AttributeError):
            return False
    return re.search(rf"^kind:\s*[\"']?{re.escape(GPU_KIND)}[\"']?\s*$", text, re.MULTILINE) is not None
