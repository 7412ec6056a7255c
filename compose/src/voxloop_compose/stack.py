"""A stack: the four services of one workspace, its lock, its run directory and its record."""

import fcntl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from voxloop_compose.door import Door
from voxloop_compose.keeper import Keeper, Phase, ServiceState
from voxloop_compose.kernel import this_process
from voxloop_compose.record import StackRecord
from voxloop_compose.rundir import clear_run_dir, make_run_dir
from voxloop_compose.runtime import Runtime
from voxloop_compose.runtimes import PODMAN, RuntimeChoice
from voxloop_compose.service_logs import last_lines
from voxloop_compose.share import Share, clear_share, open_share
from voxloop_shared.errors import InvalidInput, ServiceTimeout, ServiceUnavailable, WorkspaceInUse
from voxloop_shared.files import remove_leftovers
from voxloop_shared.settings import SERVICES
from voxloop_shared.workspace import Workspace

_START_TIMEOUT_S = 60.0
_POLL_S = 0.05

Listener = Callable[[ServiceState], None]


class Stack:
    """A running stack; leaving the `with` block ends it and leaves no process and no socket.

    Entering raises WorkspaceInUse when another stack holds the workspace.
    """

    def __init__(
        self,
        workspace: Path,
        door: Callable[[], Door | None] = lambda: None,
        on_change: Listener = lambda _state: None,
        share_with: str | None = None,
        runtime: RuntimeChoice | None = None,
    ) -> None:
        self.workspace = Workspace(_checked_folder(workspace))
        self._share_with = share_with
        self._runtime = runtime or RuntimeChoice()
        self._make_door = door
        self._on_change = on_change
        self._changed = threading.Condition()
        self._keepers: dict[str, Keeper] = {}
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self.workspace.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock(undo)
            self.run_dir = make_run_dir(self.workspace.root)
            undo.callback(clear_run_dir, self.run_dir)
            self.door = self._make_door()
            if self.door is not None:
                undo.callback(self.door.close)
            self.share = self._open_share(undo)
            runtime = undo.enter_context(self._runtime.open(self.workspace.root, self.run_dir, self.door, self.share))
            self._prepare(runtime)
            self._start(runtime, undo)
            self._exit = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._exit.close()

    @property
    def states(self) -> Mapping[str, ServiceState]:
        """Give the newest state of each service."""
        return {name: keeper.state for name, keeper in self._keepers.items()}

    def wait_healthy(self, is_cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Wait until all services are healthy; False when cancelled.

        Raises ServiceUnavailable, with the end of its log, when a service does not start, ServiceTimeout when one is too slow.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        while late := [state.service for state in self.states.values() if state.phase is not Phase.HEALTHY]:
            if is_cancelled():
                return False
            for state in self.states.values():
                if state.phase is Phase.FAILED:
                    raise ServiceUnavailable(self._explain(state))
            if time.monotonic() > deadline:
                raise ServiceTimeout(f"not ready after {_START_TIMEOUT_S:.0f} s: {', '.join(late)}; the logs are below {self.run_dir}")
            with self._changed:
                self._changed.wait(_POLL_S)
        return True

    def announce(self) -> None:
        """Tell other commands that the stack is ready for them."""
        with self._changed:
            self._is_ready = True
            self._write_record()

    def _lock(self, undo: ExitStack) -> None:
        """Hold the workspace as long as this process lives, however it ends."""
        path = self.workspace.root / ".lock"
        stream = undo.enter_context(path.open("a"))
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkspaceInUse(
                f"{self.workspace.root} is in use by another voxloop stack: see `voxloop status`, stop it with `voxloop down`"
            ) from error

    def _open_share(self, undo: ExitStack) -> Share | None:
        clear_share(self.workspace.root)
        if self._share_with is None:
            return None
        share = open_share(self.workspace.root, self._share_with, is_contained=self._runtime.name == PODMAN)
        undo.callback(share.close)
        return share

    def _prepare(self, runtime: Runtime) -> None:
        runtime.remove_leftovers()
        clear_run_dir(self.run_dir)
        self.workspace.prepare()
        remove_leftovers(self.workspace.volumes)
        for service in SERVICES:
            log = self.run_dir / service / "service.log"
            if log.exists():
                log.rename(log.with_suffix(".log.old"))

    def _start(self, runtime: Runtime, undo: ExitStack) -> None:
        self._started = datetime.now(UTC)
        self._runtime_name = runtime.name
        self._keepers = {service: Keeper(service, runtime, self.run_dir, self._note) for service in SERVICES}
        self._is_ready = False
        self._write_record()
        undo.callback(runtime.remove_leftovers)
        undo.callback(self._close_keepers)
        for keeper in self._keepers.values():
            keeper.start()

    def _close_keepers(self) -> None:
        closers = [threading.Thread(target=keeper.close) for keeper in self._keepers.values()]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join()

    def _note(self, state: ServiceState) -> None:
        with self._changed:
            self._write_record()
            self._changed.notify_all()
        self._on_change(state)

    def _write_record(self) -> None:
        self.record.write()
        if self.share is not None:
            self.record.write_shared(self.share.run_dir)

    @property
    def record(self) -> StackRecord:
        """Describe the stack as other commands see it."""
        me = this_process()
        return StackRecord(
            pid=me.pid,
            started_ticks=me.started_ticks,
            workspace=self.workspace.root,
            run_dir=self.run_dir,
            runtime=self._runtime_name,
            port=self.door.port if self.door else None,
            url=self.door.url if self.door else None,
            started=self._started,
            is_ready=self._is_ready,
            share=self.share.group.name if self.share else None,
            services=dict(self.states),
        )

    def _explain(self, state: ServiceState) -> str:
        lines = last_lines(self.run_dir, state.service)
        log = self.run_dir / state.service / "service.log"
        return f"the {state.service} service {state.reason} at its start: {lines[-1] if lines else 'it wrote no log'} (log: {log})"


def _checked_folder(workspace: Path) -> Path:
    path = workspace.expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise InvalidInput(f"{path} is not a folder: a workspace is a folder")
    return path
