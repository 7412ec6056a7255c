"""A job and its states."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from voxloop_shared.errors import IllegalTransition
from voxloop_shared.schemas import Schema


class State(StrEnum):
    """Where a job stands.

    queued → running → succeeded | failed | cancelled | interrupted; a queued or interrupted job may be cancelled; one that
    was interrupted (paused, too), cancelled or failed may be queued again (resumed).
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        """Say whether nothing more will happen by itself."""
        return self not in (State.QUEUED, State.RUNNING)


_RESUMABLE = frozenset({State.QUEUED})
LEGAL: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
    State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.INTERRUPTED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: _RESUMABLE,
    State.CANCELLED: _RESUMABLE,
    State.INTERRUPTED: _RESUMABLE | {State.CANCELLED},
}


class Job(Schema):
    """A job as it is stored and as it travels; progress and message come from its newest metrics line."""

    id: str
    service: str
    kind: str
    title: str
    volume: str
    state: State
    priority: int = 0
    author: str
    attempt: int = 0
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    progress: float | None = None
    eta_s: float | None = None
    message: str = ""
    error: dict[str, Any] | None = None
    result: dict[str, Any] | None = None


def check_transition(job: Job, state: State) -> None:
    """Raise IllegalTransition unless the job may go to that state."""
    if state not in LEGAL[job.state]:
        raise IllegalTransition(f"job {job.id} is {job.state}: it cannot become {state}")
