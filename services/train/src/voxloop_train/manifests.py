"""What a model says of itself: everything needed to run it and to trust it."""

from datetime import UTC, datetime
from typing import Any

from voxloop_shared.schemas import Manifest
from voxloop_train import __version__
from voxloop_train.learners.learner import Learned, Lesson


def describe_model(
    lesson: Lesson, learned: Learned, *, learner: str, settings: dict[str, Any], author: str, job: str | None = None
) -> Manifest:
    """Put together what the lesson asked for and what was learned."""
    volume, parent = lesson.volume, lesson.parent
    return Manifest(
        learner=learner,
        architecture=learned.architecture,
        classes=lesson.classes,
        normalisation=learned.normalisation,
        planes=learned.planes,
        volume=volume.id,
        volume_digest=volume.digest,
        voxel_size=volume.voxel_size,
        unit=volume.unit,
        snapshot=lesson.snapshot,
        settings=settings,
        metrics=learned.metrics,
        parent=f"{parent.name}:{parent.version}" if parent else None,
        job=job,
        author=author,
        code_version=__version__,
        hardware=learned.hardware,
        duration_s=learned.train_s,
        created=datetime.now(UTC),
    )
