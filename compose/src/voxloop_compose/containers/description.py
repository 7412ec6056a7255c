"""What the four containers are: the one description that the runtime, the compose file, the pods and the units are made from.

Pure data. Every path of a container is fixed; where workspace and run directory lie on the host is said by whoever starts it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from voxloop_compose import __version__
from voxloop_shared.settings import SERVICES

WORKSPACE = PurePosixPath("/workspace")
"""Where a container finds (its parts of) the workspace."""
RUN_DIR = PurePosixPath("/run/voxloop")
"""Where a container finds the socket directories, one per service."""
PYTHON = "/opt/voxloop/bin/python"

STACK_LABEL = "org.voxloop.stack"
SERVICE_LABEL = "org.voxloop.service"
VERSION_LABEL = "org.voxloop.version"
"""On images: what `voxloop --version` must be to start them."""

STOP_TIMEOUT_S = 10
GPU_KIND = "nvidia.com/gpu"
"""The kind of CDI device; `nvidia.com/gpu=all` names all of them."""


class Root(StrEnum):
    """Which folder of the host a mount lies in."""

    WORKSPACE = "workspace"
    RUN_DIR = "run"


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the host that a container sees, at the same place below WORKSPACE or RUN_DIR."""

    root: Root
    path: str
    """Relative to the root; empty for the root itself."""
    is_writable: bool
    why: str

    @property
    def target(self) -> PurePosixPath:
        """Give the path inside the container."""
        return (WORKSPACE if self.root is Root.WORKSPACE else RUN_DIR) / self.path

    def source(self, workspace: Path, run_dir: Path) -> Path:
        """Give the folder on the host, which must exist before the container is made."""
        return (workspace if self.root is Root.WORKSPACE else run_dir) / self.path


@dataclass(frozen=True, slots=True)
class Tmpfs:
    """Memory that a container sees as a folder; `size_mib` counts as its memory."""

    target: PurePosixPath
    size_mib: int
    is_writable: bool
    why: str


@dataclass(frozen=True, slots=True)
class Container:
    """One service's container."""

    service: str
    calls: tuple[str, ...]
    """The services whose sockets it opens."""
    workspace: tuple[Mount, ...]
    hidden: tuple[Tmpfs, ...] = ()
    """What of a mounted folder it must not see."""
    uses_gpu: bool = False
    needs_nets: bool = False
    """Whether its image holds torch."""
    settings: dict[str, str] = field(default_factory=dict)
    """Further environment."""

    @property
    def image(self) -> str:
        """Name the image that `voxloop build` makes."""
        return image_name(self.service)

    @property
    def command(self) -> tuple[str, ...]:
        """Give the command, which is also the image's default."""
        return (PYTHON, "-m", f"voxloop_{self.service}")

    @property
    def environment(self) -> dict[str, str]:
        """Give the environment: where everything is inside."""
        prefix = f"VOXLOOP_{self.service.upper()}_"
        return {f"{prefix}WORKSPACE": str(WORKSPACE), f"{prefix}RUN_DIR": str(RUN_DIR), "HOME": "/tmp"} | self.settings

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """Give all mounts: parts of the workspace, its own socket directory, those of the services it calls."""
        own = Mount(Root.RUN_DIR, self.service, True, "binds its socket here")
        # to connect, a socket must be writable, its mount need not be
        called = (Mount(Root.RUN_DIR, name, False, f"calls {name}") for name in self.calls)
        return (*self.workspace, own, *called)

    @property
    def tmpfs(self) -> tuple[Tmpfs, ...]:
        """Give all folders in memory."""
        return (Tmpfs(PurePosixPath("/tmp"), 512, True, "temporary files; the root is read-only"), *self.hidden)

    @property
    def labels(self) -> dict[str, str]:
        """Give the labels that say whose container it is; who starts it adds STACK_LABEL."""
        return {SERVICE_LABEL: self.service, VERSION_LABEL: __version__}

    @property
    def socket(self) -> PurePosixPath:
        """Give the socket inside the container."""
        return RUN_DIR / self.service / "http.sock"


ULIMITS = {"nofile": 4096, "core": 0}
"""Open files, and no core dumps: they would hold what is private. Where a user's own hard limit is lower, that stands."""


def image_name(service: str, version: str = __version__) -> str:
    """Name a service's image; nothing is ever pulled, so it lies at localhost."""
    return f"localhost/voxloop-{service}:{version}"


def container_name(stack: str, service: str) -> str:
    """Name a service's container of a stack."""
    return f"voxloop-{stack}-{service}"


def host_folders(workspace: Path, run_dir: Path) -> Iterator[Path]:
    """Give all folders of the host that containers see: a mount of a missing one would fail."""
    found = {mount.source(workspace, run_dir) for container in CONTAINERS.values() for mount in container.mounts}
    covered = {workspace / tmpfs.target.relative_to(WORKSPACE) for container in CONTAINERS.values() for tmpfs in container.hidden}
    yield from sorted(found | covered)


def _part(path: str, why: str, *, is_writable: bool) -> Mount:
    return Mount(Root.WORKSPACE, path, is_writable, why)


def _hidden(path: str, why: str) -> Tmpfs:
    return Tmpfs(WORKSPACE / path, 1, False, why)


_REGISTRY = Container(
    service="registry",
    calls=(),
    workspace=(
        _part("models", "keeps manifests and weights", is_writable=True),
        _part("predictions", "keeps models that have predicted something", is_writable=False),
    ),
)
_TRAIN = Container(
    service="train",
    calls=("registry",),
    workspace=(
        _part("volumes", "learns from images", is_writable=False),
        _part("labels", "learns from strokes", is_writable=False),
        _part("jobs/train", "keeps its jobs and checkpoints", is_writable=True),
    ),
    uses_gpu=True,
    needs_nets=True,
)
_INFER = Container(
    service="infer",
    calls=("registry",),
    workspace=(
        _part("volumes", "predicts images", is_writable=False),
        _part("predictions", "writes predictions", is_writable=True),
        _part("jobs/infer", "keeps its jobs, and weights that it pulled", is_writable=True),
    ),
    uses_gpu=True,
    needs_nets=True,
)
_ANNOTATE = Container(
    service="annotate",
    calls=("registry", "train", "infer"),
    workspace=(
        _part("", "keeps workspace.db (SQLite writes beside it) and downloads under way", is_writable=True),
        _part("volumes", "shows images", is_writable=False),
        _part("labels", "is the only writer of labels", is_writable=True),
        _part("predictions", "shows predictions", is_writable=False),
    ),
    hidden=(
        _hidden("models", "asks the registry for models"),
        _hidden("jobs", "asks train and infer for jobs"),
    ),
)

CONTAINERS = {container.service: container for container in (_REGISTRY, _TRAIN, _INFER, _ANNOTATE)}
assert tuple(CONTAINERS) == SERVICES
