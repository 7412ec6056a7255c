"""kube.yaml, for `podman kube play`: a pod per service, so that each has namespaces of its own."""

from collections.abc import Iterator
from typing import Any

from voxloop_compose.containers.description import CONTAINERS, STOP_TIMEOUT_S, ULIMITS, Container
from voxloop_compose.deployments.places import Places

Volume = tuple[dict[str, Any], dict[str, Any]]


def pods(places: Places) -> list[dict[str, Any]]:
    """Describe the stack as pods."""
    return [_pod(container, places) for container in CONTAINERS.values()]


def _pod(container: Container, places: Places) -> dict[str, Any]:
    volumes = list(_volumes(container, places))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": places.name(container), "labels": places.labels(container), "annotations": _annotations()},
        "spec": {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": STOP_TIMEOUT_S,
            "shareProcessNamespace": True,  # the pod's own process reaps what jobs leave, as `--init` does elsewhere
            "containers": [_container(container, places, [mount for mount, _ in volumes])],
            "volumes": [volume for _, volume in volumes],
        },
    }


def _container(container: Container, places: Places, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    devices = dict.fromkeys(places.devices(container), 1)
    return {
        "name": container.service,
        "image": container.image,
        "imagePullPolicy": "Never",
        "command": list(container.command),
        "env": [{"name": name, "value": value} for name, value in (container.environment | {"USER": places.user}).items()],
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["all"]},
        },
        "volumeMounts": mounts,
    } | ({"resources": {"limits": devices}} if devices else {})


def _annotations() -> dict[str, str]:
    return {"io.podman.annotations.ulimit": ",".join(f"{name}={most}:{most}" for name, most in ULIMITS.items())}


def _volumes(container: Container, places: Places) -> Iterator[Volume]:
    """Give mounts and what they show: folders of the host, and memory."""
    for number, mount in enumerate(container.mounts):
        name = f"folder-{number}"
        shown = {"name": name, "mountPath": str(mount.target), "readOnly": not mount.is_writable}
        yield shown, {"name": name, "hostPath": {"path": places.source(mount), "type": "Directory"}}
    for number, tmpfs in enumerate(container.tmpfs):
        name = f"{places.name(container)}-memory-{number}"  # podman 4.3 shares it between all pods that use the name
        shown = {"name": name, "mountPath": str(tmpfs.target), "readOnly": not tmpfs.is_writable}
        yield shown, {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": f"{tmpfs.size_mib}Mi"}}
