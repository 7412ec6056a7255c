"""Rounds: what was labelled before each training of a volume, how long that took, and how good the model was that came of it."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

from voxloop_shared.data.commits import Commit
from voxloop_shared.data.labels import Labels
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.schemas import UNLABELLED, Schema

_LONGEST_PAUSE_S = 30.0
"""What lies between two strokes counts as work up to this: more is a pause."""
_LEAST_GAIN = 0.005
"""Dice that is worth a round, where the spread of the scores is not known."""
_LOOKED_BACK = 2
"""Rounds that must not have been better before one says so."""


class Work(Schema):
    """What was done to the labels between two trainings.

    `by_hand` and `accepted` are voxels that carry such a label now and did not before (less than 0: fewer do), `erased` those that
    strokes took the label from, `active_s` the time between strokes, pauses left out.
    """

    strokes: int
    by_hand: int
    accepted: int
    erased: int
    active_s: float

    @classmethod
    def of(cls, commits: list[Commit], before: Commit | None) -> Self:
        """Sum up the commits since another one."""
        last = commits[-1] if commits else before
        by_hand, accepted = (_gain(before, last, by_hand=kind) for kind in (True, False))
        return cls(
            strokes=sum(commit.is_stroke for commit in commits),
            by_hand=by_hand,
            accepted=accepted,
            erased=sum(_erased(commit, earlier) for earlier, commit in _pairs(before, commits)),
            active_s=active_seconds(commit.time for commit in commits if commit.is_stroke or commit.reverts),
        )


class Round(Work):
    """One training with the work that led to it. `accepted_share`: of the labels that were new, those that a prediction had right."""

    number: int
    job: str
    model: str
    learner: str
    snapshot: str
    finished: datetime
    mean_dice: float | None
    dice_spread: float | None
    train_s: float | None
    accepted_share: float | None


class Rounds(Schema):
    """All rounds, oldest first, the work since the last one, and in words whether another one is worth it."""

    rounds: list[Round]
    now: Work
    hint: str | None


def list_rounds(labels: Labels, jobs: list[Job]) -> Rounds:
    """Tell the rounds of a volume from its history and its trainings (newest first); one whose snapshot is not known is left out."""
    commits = labels.history.since(0)
    place = {commit.snapshot: number for number, commit in enumerate(commits)}
    trainings = sorted((job for job in jobs if _is_round(job, place)), key=lambda job: job.finished or job.created)
    rounds: list[Round] = []
    begin = 0
    for job in trainings:
        end = max(begin, place[_result(job)["snapshot"]] + 1)
        rounds.append(_round(len(rounds) + 1, job, Work.of(commits[begin:end], _at(commits, begin - 1))))
        begin = end
    return Rounds(rounds=rounds, now=Work.of(commits[begin:], _at(commits, begin - 1)), hint=hint_of(rounds))


def hint_of(rounds: list[Round]) -> str | None:
    """Say that the score has stopped to rise: in the last rounds no more than its spread; None while it rises or cannot be told."""
    scores = [(each.mean_dice, each.dice_spread) for each in rounds if each.mean_dice is not None]
    if len(scores) <= _LOOKED_BACK:
        return None
    earlier, last = scores[:-_LOOKED_BACK], scores[-_LOOKED_BACK:]
    best = max(score for score, _ in earlier)
    spread = last[-1][1] or 0.0
    if max(score for score, _ in last) > best + max(_LEAST_GAIN, spread / 2):
        return None
    return f"The last {_LOOKED_BACK} rounds brought no better score. Correct where the prediction is wrong, or stop here."


def active_seconds(times: Iterable[datetime]) -> float:
    """Add up the time between strokes, each gap and the first stroke counting at most half a minute."""
    ordered = sorted(times)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(ordered)]
    return sum(min(gap, _LONGEST_PAUSE_S) for gap in gaps) + (_LONGEST_PAUSE_S / 2 if ordered else 0.0)


def _round(number: int, job: Job, work: Work) -> Round:
    result = _result(job)
    metrics, model = result.get("metrics") or {}, result["model"]
    new = max(work.by_hand, 0) + max(work.accepted, 0)
    return Round(
        **work.model_dump(),
        number=number,
        job=job.id,
        model=f"{model['name']}:{model['version']}",
        learner=job.title.split(" ")[1] if job.title.startswith("Train ") else "",
        snapshot=result["snapshot"],
        finished=job.finished or job.created,
        mean_dice=metrics.get("mean_dice"),
        dice_spread=metrics.get("dice_spread"),
        train_s=result.get("train_s"),
        accepted_share=max(work.accepted, 0) / new if new and number > 1 else None,
    )


def _is_round(job: Job, place: dict[str, int]) -> bool:
    return job.kind == "train" and job.state is State.SUCCEEDED and _result(job).get("snapshot") in place


def _result(job: Job) -> dict[str, Any]:
    return job.result or {}


def _at(commits: list[Commit], number: int) -> Commit | None:
    return commits[number] if number >= 0 else None


def _pairs(before: Commit | None, commits: list[Commit]) -> Iterable[tuple[Commit | None, Commit]]:
    return zip([before, *commits], commits, strict=False)


def _gain(before: Commit | None, after: Commit | None, *, by_hand: bool) -> int:
    return _amount(after, by_hand=by_hand) - _amount(before, by_hand=by_hand)


def _amount(commit: Commit | None, *, by_hand: bool) -> int:
    """Count the labelled voxels after a commit: those that a person gave their label, or those accepted from a prediction."""
    if commit is None:
        return 0
    return sum(commit.counts_of(by_hand=True).values()) if by_hand else sum(commit.accepted.values())


def _erased(commit: Commit, before: Commit | None) -> int:
    if commit.value != UNLABELLED or not commit.is_stroke:
        return 0
    labelled = sum(before.counts.values()) if before is not None else 0
    return max(0, labelled - sum(commit.counts.values()))
