"""`voxloop build`: the image of each service, made by podman from a folder of wheels, without network."""

import re
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path

from voxloop_compose import __version__
from voxloop_compose.containers.description import PYTHON, image_name
from voxloop_compose.containers.podman import podman_command, run_podman
from voxloop_compose.containers.refusals import refusal
from voxloop_compose.containers.wheels import Wheels
from voxloop_shared.errors import VoxloopError

CONTAINERFILE = Path(__file__).with_name("Containerfile")
LOCAL = "localhost/"
_STEP = re.compile(r"^(?:\[(?P<stage>\d+)/(?P<stages>\d+)\] )?STEP (?P<step>\d+)/(?P<steps>\d+): (?P<what>.*)")
_LINES_KEPT = 40

OnStep = Callable[[float, str], None]
"""Takes how much of an image is done, 0..1, and the step under way."""


def default_base() -> str:
    """Name the base whose Python is this one's: wheels are made for one version. podman knows whose `python` is."""
    return f"python:{sys.version_info.major}.{sys.version_info.minor}-slim-bookworm"


def build_image(service: str, wheels: Wheels, base: str, on_step: OnStep) -> str:
    """Make a service's image and try it once; give its name. Layers that are there already are taken as they are.

    Raises VoxloopError with podman's reason, DiskFull, ServiceUnavailable.
    """
    name = image_name(service)
    arguments = {"BASE": base, "SERVICE": service, "VERSION": __version__, "LIBRARIES": wheels.libraries, "WHEELS": wheels.digest}
    with tempfile.TemporaryDirectory(prefix="voxloop-build-") as empty:
        command = podman_command(
            "build",
            f"--pull={'never' if base.startswith(LOCAL) else 'missing'}",
            "--network=none",
            "--layers",
            f"--volume={wheels.folder}:/wheels:ro",
            *(f"--build-arg={key}={value}" for key, value in arguments.items()),
            f"--file={CONTAINERFILE}",
            f"--tag={name}",
            empty,
        )
        _run(command, on_step)
    _try(service, name)
    return name


def _run(command: list[str], on_step: OnStep) -> None:
    last: deque[str] = deque(maxlen=_LINES_KEPT)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd="/") as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.strip())
            if found := _STEP.match(line):
                on_step(_share_done(found), found["what"])
    if process.returncode:
        errors = [line for line in last if line.startswith(("Error", "ERROR"))]
        raise refusal("; ".join(errors[:2]) or " ".join(list(last)[-2:]))


def _share_done(found: re.Match[str]) -> float:
    stage, stages = int(found["stage"] or 1), int(found["stages"] or 1)
    return (stage - 1 + (int(found["step"]) - 1) / int(found["steps"])) / stages


def _try(service: str, image: str) -> None:
    """Run an image once as `voxloop up` will: podman then copies it for the user's ids, which the first start would wait for."""
    program = f"import voxloop_{service}, importlib.metadata as m; print(m.version('voxloop-{service}'))"
    said = run_podman("run", "--rm", "--pull=never", "--network=none", "--userns=keep-id", "--read-only", image, PYTHON, "-c", program)
    if said.strip() != __version__:
        raise VoxloopError(f"the image {image} holds version {said.strip()}, not {__version__}: run `voxloop build` again")
