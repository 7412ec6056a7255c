"""What must be right before containers can start; each thing that is not is one line that says what to do."""

import os
import shutil
from pathlib import Path

from voxloop_compose import __version__
from voxloop_compose.containers.description import CONTAINERS, VERSION_LABEL
from voxloop_compose.containers.engine import Engine
from voxloop_compose.containers.podman import Podman
from voxloop_shared.errors import Conflict, DiskFull, InvalidInput, NotFound, ServiceUnavailable
from voxloop_shared.settings import SERVICES, socket_path
from voxloop_shared.sockets import MAX_PATH_BYTES

_LEAST_IDS = 1000
_LEAST_FREE_BYTES = 64 << 20
_CONFIG = "~/.config/containers"


def check_machine(podman: Podman) -> None:
    """Raise ServiceUnavailable, DiskFull where podman cannot run our containers as it is set up."""
    if not podman.is_rootless and os.geteuid() != 0:
        raise ServiceUnavailable("podman does not run rootless here: voxloop starts containers under the user's own rights only")
    if podman.is_rootless and podman.user_ids < _LEAST_IDS:
        raise ServiceUnavailable(
            "podman has no range of user ids for you (/etc/subuid, /etc/subgid): ask for "
            "`sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`, then run `podman system migrate`"
        )
    if podman.storage_driver == "vfs":
        raise ServiceUnavailable(
            "podman keeps images with vfs, which copies every layer for every container: write `[storage]` and "
            f'`driver = "overlay"` to {_CONFIG}/storage.conf, then run `podman system reset`'
        )
    if podman.oci_runtime == "crun" and podman.cgroup_version == "v1":
        raise ServiceUnavailable(
            "podman uses crun, which fails on this machine's cgroups (v1 or hybrid): install runc, and write `[engine]` and "
            f'`runtime = "runc"` to {_CONFIG}/containers.conf'
        )
    check_disk(podman.storage_folder)


def check_disk(folder: Path) -> None:
    """Raise DiskFull where the disk of podman's storage has no room for a container's own files."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < _LEAST_FREE_BYTES:
        raise DiskFull(
            f"the disk of {folder} is full ({free >> 20} MiB are free), and podman keeps its containers there: free some, "
            "for example with `podman image prune`"
        )


def check_run_dir(run_dir: Path) -> None:
    """Raise InvalidInput where a socket's path would be longer than the kernel takes: containers could bind it, nobody could connect."""
    for service in SERVICES:
        path = socket_path(run_dir, service)
        if len(os.fsencode(path)) > MAX_PATH_BYTES:
            raise InvalidInput(f"socket path {path} is longer than {MAX_PATH_BYTES} bytes: choose a shorter run directory")


def check_images(engine: Engine) -> None:
    """Raise NotFound where an image is missing, Conflict where it is of another version than this command."""
    for service, container in CONTAINERS.items():
        found = engine.image(container.image)
        if found is None:
            raise _missing(engine, service)
        version = found.labels.get(VERSION_LABEL)
        if version != __version__:
            raise Conflict(f"image {container.image} holds version {version}, this command is {__version__}: run `voxloop build`")


def _missing(engine: Engine, service: str) -> Conflict | NotFound:
    prefix = f"localhost/voxloop-{service}:"
    others = [name for image in engine.images_labelled(VERSION_LABEL) for name in image.names if name.startswith(prefix)]
    if others:
        versions = ", ".join(sorted(name.removeprefix(prefix) for name in others))
        return Conflict(f"the image of {service} is of version {versions}, this command is {__version__}: run `voxloop build`")
    return NotFound(f"there is no image {prefix}{__version__}: run `voxloop build` (once, a few minutes)")
