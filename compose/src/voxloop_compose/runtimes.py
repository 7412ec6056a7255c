"""Which runtime a stack is started with, and what is asked of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from voxloop_compose import console
from voxloop_compose.containers.forwarder import Forwarder
from voxloop_compose.containers.gpus import AUTO, choose_gpus
from voxloop_compose.containers.limits import Limit, missing_controllers, parse_limits
from voxloop_compose.door import Door
from voxloop_compose.processes import ProcessRuntime
from voxloop_compose.runtime import Runtime
from voxloop_compose.share import Share, introducer
from voxloop_shared.errors import InvalidInput
from voxloop_shared.settings import door_path, introductions_path

PROCESS, PODMAN = "process", "podman"
RUNTIMES = (PROCESS, PODMAN)


@dataclass(frozen=True, slots=True)
class RuntimeChoice:
    """What `voxloop up` was told about where the services run."""

    name: str = PROCESS
    gpu: str = AUTO
    memory: tuple[str, ...] = ()
    """As `train=16g`."""
    cpus: tuple[str, ...] = ()
    """As `train=4`."""

    def __post_init__(self) -> None:
        if self.name not in RUNTIMES:
            raise InvalidInput(f"no runtime {self.name!r}: there are {' and '.join(RUNTIMES)}")
        if self.name == PROCESS and (self.gpu != AUTO or self.memory or self.cpus):
            raise InvalidInput("--gpu, --memory and --cpus are for containers: add --runtime podman")

    @property
    def limits(self) -> dict[str, Limit]:
        """Give what each service may take; raises InvalidInput."""
        return parse_limits(self.memory, self.cpus)

    @property
    def arguments(self) -> list[str]:
        """Give the options of `voxloop up` that say the same."""
        memory = [part for limit in self.memory for part in ("--memory", limit)]
        cpus = [part for limit in self.cpus for part in ("--cpus", limit)]
        return ["--runtime", self.name, *(["--gpu", self.gpu] if self.name == PODMAN else []), *memory, *cpus]

    @contextmanager
    def open(self, workspace: Path, run_dir: Path, door: Door | None, share: Share | None) -> Iterator[Runtime]:
        """Give the runtime for a stack; raises VoxloopError, saying what to do, where this machine or its set-up forbids it."""
        if self.name == PROCESS:
            yield ProcessRuntime(workspace, run_dir, door, share)
            return
        with ExitStack() as opened:
            yield self._open_podman(workspace, run_dir, door, share, opened)

    def _open_podman(self, workspace: Path, run_dir: Path, door: Door | None, share: Share | None, opened: ExitStack) -> Runtime:
        # podman-py takes a quarter of a second to load, which no other command should
        from voxloop_compose.containers.engine import Engine
        from voxloop_compose.containers.podman import PodmanSocket, ask_podman
        from voxloop_compose.containers.preflight import check_images, check_machine, check_run_dir
        from voxloop_compose.containers.runtime import ContainerOptions, PodmanRuntime

        check_run_dir(run_dir)
        podman = ask_podman()
        check_machine(podman)
        limits = self.limits
        options = ContainerOptions(choose_gpus(self.gpu), limits)
        for name in missing_controllers(podman, limits):
            console.remark(f"warning: this machine's cgroups let podman limit no {name} for you; containers take what they need")
        podman_socket = PodmanSocket(run_dir)
        opened.callback(podman_socket.close)
        check_images(Engine(podman_socket.ensure))
        if door is not None:
            opened.callback(Forwarder(door.listener, door_path(run_dir)).start().close)
        if share is not None:
            opened.callback(Forwarder(share.listener, introductions_path(run_dir), introducer(share)).start().close)
        return PodmanRuntime(workspace, run_dir, door, share, options, podman_socket)


def remove_containers(run_dir: Path) -> None:
    """Take away the containers of a stack whose supervisor is gone; raises VoxloopError where podman refuses."""
    from voxloop_compose.containers.engine import Engine
    from voxloop_compose.containers.podman import PodmanSocket
    from voxloop_compose.containers.runtime import remove_stack

    podman_socket = PodmanSocket(run_dir)
    try:
        remove_stack(Engine(podman_socket.ensure), run_dir)
    finally:
        podman_socket.close()
