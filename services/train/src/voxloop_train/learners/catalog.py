"""All learners by name."""

from voxloop_shared.errors import InvalidInput
from voxloop_train.learners.instant import InstantLearner
from voxloop_train.learners.learner import Learner
from voxloop_train.learners.unet import UnetLearner

LEARNERS: dict[str, Learner] = {learner.name: learner for learner in (UnetLearner(), InstantLearner())}


def learner_of(name: str) -> Learner:
    """Find a learner; raises InvalidInput that names those there are."""
    if name not in LEARNERS:
        raise InvalidInput(f"no learner {name!r}: there is {', '.join(sorted(LEARNERS))}")
    return LEARNERS[name]
