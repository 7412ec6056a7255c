"""The loop of a live session: take the newest labels, learn, send the model; newer strokes go first."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from voxloop_shared.data.labels import Labels
from voxloop_shared.data.volumes import read_info
from voxloop_shared.errors import ServiceTimeout, ServiceUnavailable, TooFewLabels
from voxloop_shared.live import LiveModel
from voxloop_shared.nets.store import WeightStore
from voxloop_shared.workspace import Workspace
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.live.following import LabelFollower, Painted
from voxloop_train.live.orders import LiveOrder
from voxloop_train.live.outlet import Outlet
from voxloop_train.manifests import describe_model
from voxloop_train.settings import TrainSettings

log = logging.getLogger(__name__)

_IDLE_S = 3600.0
_AGAIN_S = 1.0

Tell = Callable[..., None]
"""Called with what has changed of the LiveState."""
News = Callable[[float], bool]
"""Wait so many seconds for newer labels (or an order to pause); True as soon as there are."""


class LivePupil(Protocol):
    """A learner that goes on from what it knows."""

    def learn(self, lesson: Lesson, painted: Painted, news: News) -> Iterator[Learned]:
        """Give better and better models of the labels, until they are good or there is news."""
        ...


def learn_live(order: LiveOrder, settings: TrainSettings, tell: Tell, pause_wanted: Callable[[], bool]) -> None:
    """Follow a volume's labels until the process is ended; raises the VoxloopError that makes it impossible."""
    workspace = Workspace(settings.workspace)
    lesson = _lesson(order, settings, workspace)
    follower = LabelFollower(Labels.open(workspace.labels_of(order.volume)), order.accepted)
    outlet = Outlet(settings.socket_of("registry"))
    pupil = _pupil(order, lesson)
    while True:
        if order.learner != "instant" and pause_wanted():  # instant takes less than a second, and somebody waits for it
            _rest(tell, pause_wanted)
        painted = _take(follower, tell)
        if painted is None:
            follower.news(_IDLE_S)
            continue
        tell(phase="learning", message="")
        current = replace(lesson, snapshot=painted.snapshot, classes=painted.classes)
        for learned in pupil.learn(current, painted, lambda wait_s: pause_wanted() or follower.news(wait_s)):
            _send(outlet, order, current, learned, painted, tell)
            if follower.news():
                break
        if not follower.news() and not pause_wanted():
            tell(phase="ready", message="")
            _wait(follower, pause_wanted)


def _wait(follower: LabelFollower, pause_wanted: Callable[[], bool]) -> None:
    """Wait for newer labels; the model is as good as it gets from these."""
    while not follower.news(_IDLE_S):
        log.debug("nobody has painted for an hour")


def _rest(tell: Tell, pause_wanted: Callable[[], bool]) -> None:
    tell(phase="paused", message="training jobs go first")
    while pause_wanted():
        time.sleep(_AGAIN_S)


def _take(follower: LabelFollower, tell: Tell) -> Painted | None:
    """Give the newest labels, or say what is missing."""
    try:
        return follower.take()
    except TooFewLabels as error:
        tell(phase="waiting", message=error.message, model=None)
        return None


def _send(outlet: Outlet, order: LiveOrder, lesson: Lesson, learned: Learned, painted: Painted, tell: Tell) -> None:
    """Hand a model over; a registry that is being restarted is waited for, for the session must go on."""
    about = {"budget_s": learned.train_s, "accepted": order.accepted, "live": True}
    manifest = describe_model(lesson, learned, learner=order.learner, settings=order.config | about, author=order.author)
    while True:
        try:
            digest = outlet.send(learned.weights)
            break
        except (ServiceUnavailable, ServiceTimeout) as error:
            tell(message=error.message)
            time.sleep(_AGAIN_S)
    learn_s = round(time.monotonic() - painted.seen_s, 3)
    model = LiveModel(digest=digest, manifest=manifest, number=1, learn_s=learn_s, made=datetime.now(UTC))  # the service counts
    tell(message="", snapshot=painted.snapshot, model=model.model_dump(mode="json"))


def _lesson(order: LiveOrder, settings: TrainSettings, workspace: Workspace) -> Lesson:
    store = WeightStore(workspace.jobs / "train" / "models", settings.socket_of("registry"))
    return Lesson(
        workspace=workspace,
        volume=read_info(workspace, order.volume),
        snapshot="",
        classes=[],
        settings=learner_of(order.learner).settings.model_validate(order.config),
        budget_s=0.0,
        report=_say_nothing,
        checkpoint=Path(),
        parent=order.parent,
        by_hand=order.accepted == "ignore",
        parent_weights=store.fetch(order.parent) if order.parent else None,
    )


def _pupil(order: LiveOrder, lesson: Lesson) -> LivePupil:
    if order.learner == "instant":
        from voxloop_train.live.instant import LiveInstant

        return LiveInstant(lesson)
    from voxloop_train.live.unet import LiveUnet

    return LiveUnet(lesson)


def _say_nothing(*_arguments: Any, **_metrics: Any) -> None:
    """Live sessions tell models, not steps."""
