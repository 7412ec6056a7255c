"""Keeps one service running: starts it, waits until it is healthy, starts it again when it dies."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from voxloop_compose.runtime import Running, Runtime
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import VoxloopError
from voxloop_shared.settings import socket_path

_POLL_S = 0.05
_HEALTH_TIMEOUT_S = 5.0
_STEADY_S = 5.0
"""A service that was healthy this long starts its backoff anew when it dies."""

_DELAYS_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
_FIRST_ATTEMPTS = 3


class Phase(StrEnum):
    """Where a service stands: starting → healthy → (dead → starting → healthy)*; failed when it never was healthy."""

    STARTING = "starting"
    HEALTHY = "healthy"
    DEAD = "dead"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What the supervisor knows of a service."""

    service: str
    phase: Phase
    pid: int | None = None
    label: str = ""
    restarts: int = 0
    reason: str = ""


class Keeper:
    """One thread that keeps one service running until it is closed.

    `on_change` is called from that thread with each new state.
    """

    def __init__(self, service: str, runtime: Runtime, run_dir: Path, on_change: Callable[[ServiceState], None]) -> None:
        self._runtime = runtime
        self._socket_file = socket_path(run_dir, service)
        self._on_change = on_change
        self._state = ServiceState(service, Phase.STOPPED)
        self._running: Running | None = None
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"keep-{service}", daemon=True)

    @property
    def state(self) -> ServiceState:
        """Give the newest state."""
        return self._state

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End the service and the thread."""
        with self._lock:
            self._closing.set()
            running = self._running
        if running is not None:
            running.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _keep(self) -> None:
        deaths, was_healthy = 0, False
        while not self._closing.is_set():
            healthy_s, reason = self._run_once()
            was_healthy = was_healthy or healthy_s is not None
            if self._closing.is_set():
                break
            deaths = 1 if (healthy_s or 0) > _STEADY_S else deaths + 1
            if not was_healthy and deaths >= _FIRST_ATTEMPTS:
                return self._become(Phase.FAILED, pid=None, reason=reason)
            self._become(Phase.DEAD, reason=reason, pid=None, label="", restarts=self._state.restarts + 1)
            self._closing.wait(_DELAYS_S[min(deaths, len(_DELAYS_S)) - 1])
        return self._become(Phase.STOPPED)

    def _run_once(self) -> tuple[float | None, str]:
        """Run the service to its end; give for how long it was healthy, if ever, and how it ended."""
        try:
            running = self._begin()
        except (OSError, VoxloopError) as error:  # no process, no memory, no room for the log, podman refuses: it may pass
            return None, f"cannot be started ({error})"
        if running is None:
            return None, ""
        healthy_since = self._wait_healthy(running)
        reason = running.wait()
        return (None if healthy_since is None else time.monotonic() - healthy_since), reason

    def _begin(self) -> Running | None:
        """Start the service, unless the keeper is being closed."""
        with self._lock:
            if self._closing.is_set():
                return None
            self._running = self._runtime.start(self._state.service)
        self._become(Phase.STARTING, pid=self._running.pid, label=self._running.label)
        return self._running

    def _wait_healthy(self, running: Running) -> float | None:
        """Ask for the service's health until it gives it, and say when; None when it ended first."""
        with ServiceClient(self._socket_file, _HEALTH_TIMEOUT_S) as client:
            while running.is_running:
                try:
                    client.get("/health")
                except VoxloopError:
                    self._closing.wait(_POLL_S)
                else:
                    self._become(Phase.HEALTHY, reason="")
                    return time.monotonic()
        return None

    def _become(self, phase: Phase, **fields: object) -> None:
        self._state = replace(self._state, phase=phase, **fields)  # type: ignore[arg-type]
        self._on_change(self._state)
