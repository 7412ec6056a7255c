"""Quadlet units: systemd starts the containers at login or at boot, and restarts them."""

from collections.abc import Iterator

from voxloop_compose.containers.description import CONTAINERS, STOP_TIMEOUT_S, ULIMITS, Container, host_folders
from voxloop_compose.deployments.composefile import tmpfs_options
from voxloop_compose.deployments.places import Places

_STOP_MARGIN_S = 10
_RESTART_S = 2


def units(places: Places) -> dict[str, str]:
    """Give each unit's file name and text."""
    return {f"{places.name(container)}.container": _unit(container, places) for container in CONTAINERS.values()}


def _unit(container: Container, places: Places) -> str:
    sections = {
        "Unit": [f"Description=voxloop: {container.service}"],
        "Container": list(_container(container, places)),
        "Service": list(_service(places)),
        "Install": ["WantedBy=default.target"],
    }
    return "\n".join("\n".join((f"[{name}]", *lines, "")) for name, lines in sections.items())


def _container(container: Container, places: Places) -> Iterator[str]:
    """Give the lines for podman; what its first version with quadlet (4.4) has no word for stands as `PodmanArgs`."""
    yield f"Image={container.image}"
    yield f"ContainerName={places.name(container)}"
    yield f"Exec={' '.join(container.command)}"
    yield from ("Network=none", "RunInit=true", "ReadOnly=true", "DropCapability=all", "NoNewPrivileges=true")
    yield "PodmanArgs=--pull=never --userns=keep-id" + "".join(f" --ulimit={name}={most}:{most}" for name, most in ULIMITS.items())
    yield f"PodmanArgs=--stop-timeout={STOP_TIMEOUT_S}"
    for tmpfs in container.tmpfs:
        yield f"PodmanArgs=--tmpfs={tmpfs.target}:{tmpfs_options(tmpfs)}"
    for device in places.devices(container):
        yield f"AddDevice={device}"
    for name, label in places.labels(container).items():
        yield f"Label={name}={label}"
    for name, value in container.environment.items():
        yield f"Environment={name}={value}"
    for mount in container.mounts:
        yield f"# {mount.why}"
        yield f"Volume={places.source(mount)}:{mount.target}:{'rw' if mount.is_writable else 'ro'}"


def _service(places: Places) -> Iterator[str]:
    folders = map(str, host_folders(places.workspace, places.run_dir))
    yield f"ExecStartPre=/usr/bin/mkdir -p -m 0700 {' '.join(folders)}"
    yield "Restart=always"
    yield f"RestartSec={_RESTART_S}"
    yield f"TimeoutStopSec={STOP_TIMEOUT_S + _STOP_MARGIN_S}"
