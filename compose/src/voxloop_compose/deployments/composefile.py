"""compose.yaml, for podman-compose."""

from typing import Any

from voxloop_compose.containers.description import CONTAINERS, STOP_TIMEOUT_S, ULIMITS, Container, Tmpfs
from voxloop_compose.deployments.places import Places


def compose_project(places: Places) -> dict[str, Any]:
    """Describe the stack as a compose project."""
    return {
        "name": f"voxloop-{places.stack}",
        "x-podman": {"in_pod": False},  # a pod and userns_mode exclude each other: `up` would hang
        "services": {service: _service(container, places) for service, container in CONTAINERS.items()},
    }


def _service(container: Container, places: Places) -> dict[str, Any]:
    devices = list(places.devices(container))
    return {
        "image": container.image,
        "pull_policy": "never",
        "container_name": places.name(container),
        "command": list(container.command),
        "network_mode": "none",
        "userns_mode": "keep-id",
        "init": True,
        "read_only": True,
        "cap_drop": ["all"],
        "security_opt": ["no-new-privileges"],
        "restart": "unless-stopped",
        "stop_grace_period": f"{STOP_TIMEOUT_S}s",
        "ulimits": {name: {"soft": most, "hard": most} for name, most in ULIMITS.items()},
        "labels": places.labels(container),
        "environment": container.environment,
        "tmpfs": [f"{tmpfs.target}:{tmpfs_options(tmpfs)}" for tmpfs in container.tmpfs],
        "volumes": [
            {"type": "bind", "source": places.source(mount), "target": str(mount.target), "read_only": not mount.is_writable}
            for mount in container.mounts
        ],
    } | ({"devices": devices} if devices else {})


def tmpfs_options(tmpfs: Tmpfs) -> str:
    """Write how a folder in memory is mounted, as `podman run --tmpfs` reads it."""
    # else what lies under it would be copied into it: gigabytes of models
    return f"size={tmpfs.size_mib}m,notmpcopyup," + ("rw,mode=1777" if tmpfs.is_writable else "ro,mode=0555")
