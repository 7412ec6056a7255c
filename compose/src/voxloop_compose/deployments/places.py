"""Where a deployment's files say that things are: real paths, or words that are replaced when it is started."""

from dataclasses import dataclass
from pathlib import Path

from voxloop_compose.containers.description import STACK_LABEL, Container, Mount, container_name


@dataclass(frozen=True, slots=True)
class Places:
    """What differs from one deployment to the next."""

    stack: str
    """Name of the stack, a part of its containers' names."""
    workspace: Path
    run_dir: Path
    user: str
    """Who runs it: `podman kube play` gives containers a uid without a name."""
    gpus: tuple[str, ...] = ()
    """CDI names of the devices that train and infer get; none for the processors alone."""

    def source(self, mount: Mount) -> str:
        """Give the folder of the host that a mount shows."""
        return str(mount.source(self.workspace, self.run_dir))

    def name(self, container: Container) -> str:
        """Name a container."""
        return container_name(self.stack, container.service)

    def labels(self, container: Container) -> dict[str, str]:
        """Give a container's labels."""
        return container.labels | {STACK_LABEL: self.stack}

    def devices(self, container: Container) -> tuple[str, ...]:
        """Give the CDI names of a container's devices."""
        return self.gpus if container.uses_gpu else ()
