"""What a runtime must do for the supervisor: processes of this machine now, containers later."""

from typing import Protocol


class Running(Protocol):
    """A service that was started; its methods may be called from different threads."""

    @property
    def label(self) -> str:
        """Name it for people: `pid 1234`, or a container's id."""
        ...

    @property
    def pid(self) -> int:
        """Give its process on this machine."""
        ...

    @property
    def is_running(self) -> bool:
        """Say whether it has not ended yet."""
        ...

    def wait(self) -> str:
        """Block until it has ended and say how, in words."""
        ...

    def stop(self) -> None:
        """Ask it to end, then make it; returns when it has ended. May be called twice."""
        ...


class Runtime(Protocol):
    """Where the services of one stack run.

    The stack's lock is held whenever these are called: there is one supervisor per workspace.
    """

    name: str

    def start(self, service: str) -> Running:
        """Start a service; its log goes to `<run dir>/<service>/service.log`."""
        ...

    def remove_leftovers(self) -> None:
        """End what a supervisor that was killed has left running."""
        ...
