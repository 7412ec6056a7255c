"""The podman runtime: each service is a rootless container without network."""

import logging
import os
import resource
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voxloop_compose.containers.description import (
    CONTAINERS,
    STACK_LABEL,
    STOP_TIMEOUT_S,
    ULIMITS,
    Container,
    container_name,
    host_folders,
)
from voxloop_compose.containers.engine import ContainerState, Engine
from voxloop_compose.containers.limits import CPU_PERIOD_US, Limit
from voxloop_compose.containers.podman import PodmanSocket
from voxloop_compose.door import Door
from voxloop_compose.kernel import STACK_MARK, ProcessHandle, wait_until
from voxloop_compose.processes import WAYS_IN
from voxloop_compose.share import UMASK, Share
from voxloop_shared.errors import VoxloopError

log = logging.getLogger(__name__)

_GRACE_S = 8.0
_NOTE_S = 20.0
"""How long podman's monitor may take to write down how a container ended."""
_SIGNAL_BASE = 128


@dataclass(frozen=True, slots=True)
class ContainerOptions:
    """What a stack asks of all its containers."""

    gpus: tuple[str, ...] = ()
    """CDI names."""
    limits: Mapping[str, Limit] = field(default_factory=dict)


class RunningContainer:
    """A service in a container; its first process is watched through the kernel, so podman need not answer meanwhile."""

    def __init__(self, engine: Engine, state: ContainerState, image: str) -> None:
        self._engine = engine
        self._id = state.id
        self._pid = state.pid
        self.image = image
        self._handle = _watch(state.pid)
        self._ending = threading.Lock()
        self._reason: str | None = None

    @property
    def label(self) -> str:
        """Name the container by the start of its id."""
        return f"container {self._id[:12]}"

    @property
    def container(self) -> str:
        """Give the id."""
        return self._id

    @property
    def pid(self) -> int:
        """Give the container's first process, on this machine."""
        return self._pid

    @property
    def is_running(self) -> bool:
        """Say whether the first process has not ended yet."""
        return self._handle is not None and not self._handle.wait(0.0)

    def wait(self) -> str:
        """Wait for the end, say how it came, and take the container away."""
        if self._handle is not None:
            self._handle.wait()
        with self._ending:
            if self._reason is None:
                self._reason = self._conclude()
            return self._reason

    def stop(self) -> None:
        """Ask the service to end, through the init that hands signals on, then make it."""
        if self._handle is not None:
            self._handle.send(signal.SIGTERM)
            if not self._handle.wait(_GRACE_S):
                self._handle.send(signal.SIGKILL)
        self.wait()

    def _conclude(self) -> str:
        try:
            wait_until(self._is_noted, _NOTE_S)
            reason = _describe(self._engine.inspect(self._id))
            self._engine.remove(self._id)
        except VoxloopError as error:  # what is left is removed by name before the next start
            log.warning("%s", error.message)
            reason = "ended"
        return reason

    def _is_noted(self) -> bool:
        state = self._engine.inspect(self._id)
        return state is None or state.has_ended


class PodmanRuntime:
    """Starts one container per service, as `description.py` says; nothing is pulled, and nothing of a container outlives it."""

    name = "podman"

    def __init__(
        self, workspace: Path, run_dir: Path, door: Door | None, share: Share | None, options: ContainerOptions, podman_socket: PodmanSocket
    ) -> None:
        self._workspace = workspace
        self._run_dir = run_dir
        self._door = door
        self._share = share
        self._options = options
        self._engine = Engine(podman_socket.ensure)
        self._starts: Counter[str] = Counter()

    def start(self, service: str) -> RunningContainer:
        """Make a container and start it; raises VoxloopError with podman's reason."""
        container = CONTAINERS[service]
        for folder in host_folders(self._workspace, self._run_dir):
            folder.mkdir(mode=0o700, exist_ok=True, parents=True)
        self._engine.remove(container_name(self._run_dir.name, service))
        made = self._engine.create(self._options_of(container))
        self._starts[service] += 1
        try:
            return RunningContainer(self._engine, self._engine.start(made), container.image)
        except BaseException:
            self._engine.remove(made)
            raise

    def remove_leftovers(self) -> None:
        """Take away what a supervisor that was killed has left running."""
        remove_stack(self._engine, self._run_dir)

    def _options_of(self, container: Container) -> dict[str, Any]:
        limit = self._options.limits.get(container.service, Limit())
        options: dict[str, Any] = {
            "image": container.image,
            "name": container_name(self._run_dir.name, container.service),
            "command": list(container.command),
            "environment": self._environment(container),
            "labels": container.labels | {STACK_LABEL: self._run_dir.name},
            "mounts": [*self._mounts(container), *_tmpfs(container)],
            "devices": list(self._options.gpus) if container.uses_gpu else [],
            "ulimits": [_ulimit(name, value) for name, value in ULIMITS.items()],
            "log_config": {"Type": "k8s-file", "Config": {"path": str(self._run_dir / container.service / "service.log")}},
            "network_mode": "none",
            "userns_mode": "keep-id",
            "read_only": True,
            "cap_drop": ["all"],
            "no_new_privileges": True,
            "init": True,
            "stop_timeout": STOP_TIMEOUT_S,
        }
        if self._share is not None:
            options["umask"] = f"{UMASK:04o}"
        if limit.memory_bytes:
            options |= {"mem_limit": limit.memory_bytes, "memswap_limit": limit.memory_bytes}
        if limit.cpus:
            options |= {"cpu_period": CPU_PERIOD_US, "cpu_quota": int(limit.cpus * CPU_PERIOD_US)}
        return options

    def _mounts(self, container: Container) -> list[dict[str, Any]]:
        return [
            {
                "type": "bind",
                "source": str(mount.source(self._workspace, self._run_dir)),
                "target": str(mount.target),
                "read_only": not mount.is_writable,
            }
            for mount in container.mounts
        ]

    def _environment(self, container: Container) -> dict[str, str]:
        """Give a service its own settings from the user's environment, where the description has none, and its place in the stack."""
        prefix = f"VOXLOOP_{container.service.upper()}_"
        own = {key: value for key, value in os.environ.items() if key.startswith(prefix)}
        for name in WAYS_IN:
            own.pop(name, None)
        told = {f"{prefix}IMAGE": container.image, f"{prefix}RESTARTS": str(self._starts[container.service])}
        if container.service == "annotate" and self._door is not None:
            told |= {f"{prefix}PORT": str(self._door.port), f"{prefix}TOKEN": self._door.token, f"{prefix}DOOR_SOCKET": "true"}
        if container.service == "annotate" and self._share is not None:
            told |= {f"{prefix}SHARE_SOCKET": "true"}
        return own | container.environment | told | {STACK_MARK: str(self._run_dir)}


def remove_stack(engine: Engine, run_dir: Path) -> None:
    """Take away all containers of a stack, and wait until they are gone."""
    found = engine.containers_labelled(STACK_LABEL, run_dir.name)
    with ThreadPoolExecutor(len(CONTAINERS)) as pool:  # each may take the time that it is given to end
        list(pool.map(engine.remove, found))


def _tmpfs(container: Container) -> list[dict[str, Any]]:
    return [
        {
            "type": "tmpfs",
            "source": "tmpfs",
            "target": str(tmpfs.target),
            "size": f"{tmpfs.size_mib}m",
            "read_only": not tmpfs.is_writable,
            # else what lies under it is copied into it, gigabytes of models; podman-py hands on as it is what it takes for a propagation
            "propagation": "notmpcopyup",
        }
        for tmpfs in container.tmpfs
    ]


def _ulimit(name: str, wanted: int) -> dict[str, Any]:
    """Keep to the user's own hard limit: a container without privileges cannot be given more."""
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    return {"Name": name, "Soft": value, "Hard": value}


def _watch(pid: int) -> ProcessHandle | None:
    """Hold on to a container's first process; None when it has ended already."""
    try:
        return ProcessHandle(pid) if pid else None
    except ProcessLookupError:
        return None


def _describe(state: ContainerState | None) -> str:
    if state is None:
        return "was removed"
    if state.is_out_of_memory:
        return "ran out of the memory it was given"
    if state.exit_code > _SIGNAL_BASE:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(state.exit_code - _SIGNAL_BASE).name}"
    return f"ended with code {state.exit_code}"
