"""Lessons: a case as our learners meet it, as a volume and labels in a workspace, and what they answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.learners.cases import Case
from tests.benchmarks.service import new_workspace
from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.voting import vote
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels, class_color
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.nets.devices import choose_device
from voxloop_shared.nets.weights import save_weights
from voxloop_shared.schemas import LabelClass, Manifest, ModelVersion, VolumeInfo
from voxloop_shared.workspace import Workspace
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Learned, Lesson


class School:
    """One case in a workspace of its own; `learn` as often as one likes, from other strokes or models."""

    def __init__(self, case: Case, workspace: Workspace) -> None:
        self.case = case
        self.workspace = workspace
        source = ArraySource(case.image, case.voxel_size, "um")
        self.volume: VolumeInfo = import_volume(workspace, source, name=case.name, origin="benchmark")
        names = case.names or tuple(str(number) for number in range(1, case.classes + 1))
        self.classes = [LabelClass(id=n, name=name, color=class_color(n)) for n, name in enumerate(names, start=1)]
        self._labels = Labels.create(workspace.labels_of(self.volume.id), self.volume.shape, self.classes)
        self._numbers = count()

    def paint(self, strokes: NDArray[np.uint8]) -> str:
        """Lay strokes over those that are there and give the snapshot."""
        return self._labels.merge(iter([strokes]), "import", "benchmark", lambda _slab: None).snapshot

    def learn(
        self, learner: str, settings: dict[str, Any], snapshot: str, budget_s: float, parent: Learned | None = None
    ) -> tuple[Learned, float]:
        """Train, from a parent's weights where there is one; give what was learned and the seconds it took."""
        teacher = learner_of(learner)
        folder = self.workspace.jobs / f"lesson-{next(self._numbers)}"
        folder.mkdir(parents=True)
        lesson = Lesson(
            workspace=self.workspace, volume=self.volume, snapshot=snapshot, classes=self.classes, budget_s=budget_s,
            settings=teacher.settings.model_validate(settings), report=lambda *_, **__: None, checkpoint=folder,
            **({} if parent is None else self._as_parent(learner, parent, folder / "parent.safetensors")),
        )  # fmt: skip
        start = time.perf_counter()
        learned = teacher.learn(lesson)
        return learned, time.perf_counter() - start

    def predict(self, learner: str, learned: Learned, planes: str, slices: list[slice]) -> tuple[NDArray[np.uint8], float]:
        """Give the classes of some slices, one after the other, and the seconds it took."""
        image = self.case.image
        source = Image(image.__getitem__, self.volume.shape)
        model = Model(self.manifest(learner, learned), learned.weights, choose_device())
        rows, columns = (slice(0, n) for n in image.shape[1:])
        start = time.perf_counter()
        found = [vote([model], source, (part, rows, columns), planes).numbers for part in slices]
        return np.concatenate(found), time.perf_counter() - start

    def _as_parent(self, learner: str, learned: Learned, weights: Path) -> dict[str, Any]:
        """Give what was learned as a lesson wants its parent: with the manifest that the registry would hold."""
        manifest = self.manifest(learner, learned)
        digest = save_weights(learned.weights, weights)
        version = ModelVersion(
            name="parent", version=1, digest=digest, size=weights.stat().st_size, aliases=[], author="", created=manifest.created,
            manifest=manifest,
        )  # fmt: skip
        return {"parent": version, "parent_weights": weights}

    def manifest(self, learner: str, learned: Learned) -> Manifest:
        """Describe what was learned as the registry would."""
        volume = self.volume
        return Manifest(
            learner=learner, architecture=learned.architecture, classes=self.classes, normalisation=learned.normalisation,
            planes=learned.planes, volume=volume.id, volume_digest=volume.digest, voxel_size=volume.voxel_size, unit=volume.unit,
            snapshot="", settings={}, metrics={}, author="", code_version="", hardware="", duration_s=0, created=datetime.now(UTC),
        )  # fmt: skip


@contextmanager
def school(case: Case) -> Iterator[School]:
    """Give a case in a workspace that is deleted in the end."""
    with new_workspace() as workspace:
        yield School(case, workspace)


def slices_of(case: Case, whole: bool) -> list[slice]:
    """Give the slices to predict: all at once, or just those that are judged, each by itself."""
    return [slice(0, len(case.image))] if whole else [slice(z, z + 1) for z in case.scored]
