"""The claim on a workspace: one annotate service writes its labels, whoever has started it, from wherever."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voxloop_shared.errors import WorkspaceInUse

_NAME = ".annotate.lock"


@contextmanager
def claimed(workspace: Path) -> Iterator[None]:
    """Hold the claim for the block, or for as long as the process lives; raises WorkspaceInUse when another process holds it.

    `voxloop up` locks a workspace for stacks of its own; containers that podman-compose or systemd starts know nothing of that lock.
    """
    with (workspace / _NAME).open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkspaceInUse(
                "another annotate service writes this workspace: stop it, with `voxloop down` or as its containers were started"
            ) from error
        yield
