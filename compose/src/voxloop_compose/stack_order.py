"""What `voxloop up` is asked for, in the foreground or in the background."""

from dataclasses import dataclass, field
from pathlib import Path

from voxloop_compose.runtimes import RuntimeChoice
from voxloop_shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class StackOrder:
    """A workspace and how a stack is to run over it; raises InvalidInput for what excludes each other."""

    workspace: Path
    port: int | None = None
    """Of the door on 127.0.0.1; None takes 8050, else a free one."""
    has_door: bool = True
    has_demo: bool = False
    share_with: str | None = None
    """A unix group."""
    runtime: RuntimeChoice = field(default_factory=RuntimeChoice)

    def __post_init__(self) -> None:
        if self.port is not None and not self.has_door:
            raise InvalidInput("--port and --no-tcp exclude each other")

    @property
    def arguments(self) -> list[str]:
        """Give the arguments of `voxloop up` that say the same."""
        port = ["--port", str(self.port)] if self.port is not None else []
        share = ["--share", self.share_with] if self.share_with is not None else []
        flags = [flag for flag, is_wanted in (("--no-tcp", not self.has_door), ("--demo", self.has_demo)) if is_wanted]
        return [str(self.workspace), *port, *flags, *share, *self.runtime.arguments]
