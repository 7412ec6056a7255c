"""The learner `instant`: a forest on image features, taught to a small network that is fast everywhere."""

from typing import Literal

from pydantic import Field

from voxloop_shared.schemas import ModelVersion, Schema, VolumeInfo
from voxloop_train.learners.learner import Learned, Lesson

_NEARLY_CUBES = 3.0
"""Voxels so many times as long along z as across are still seen in 3D: on a confocal stack of 2.2 (Dice of nuclei) 0.89 instead of 0.86."""


class InstantSettings(Schema):
    """Settings of the instant learner; the defaults suit most volumes."""

    space: Literal["auto", "2d", "3d"] = Field(
        default="auto", title="Space", description="features in 3D or slice by slice; auto: 3D unless voxels are much longer along z"
    )
    scales: int = Field(default=4, ge=1, le=6, title="Scales", description="how coarse the features become: each scale doubles their reach")
    trees: int = Field(default=100, ge=10, le=500, title="Trees", description="trees of the forest; more take longer and are steadier")
    smoothing: int = Field(default=5, ge=0, le=16, title="Smoothing", description="voxels over which answers are averaged within edges")
    width: int = Field(default=64, ge=8, le=512, title="Width", description="hidden units of the network that the forest teaches")
    seed: int = Field(default=0, ge=0, title="Seed", description="same seed, same draws")


def is_3d(settings: InstantSettings, volume: VolumeInfo) -> bool:
    """Choose between features in 3D and in each slice."""
    if settings.space != "auto":
        return settings.space == "3d"
    return volume.voxel_size[0] <= _NEARLY_CUBES * min(volume.voxel_size) and volume.shape[0] > 1


class InstantLearner:
    """Learns in seconds from what a voxel and its surroundings look like."""

    name = "instant"
    title = "Instant"
    help = "Image features and a small network. Takes two seconds; good where classes differ in brightness or texture."
    settings: type[Schema] = InstantSettings

    def check_parent(self, settings: Schema, parent: ModelVersion) -> None:
        """Accept any: all is learned anew in seconds, and the parent only says what came before."""

    def learn(self, lesson: Lesson) -> Learned:
        """Train; the budget is an upper bound that is hardly ever met."""
        from voxloop_train.instant_fitting import fit_instant  # torch loads in the job's process only

        assert isinstance(lesson.settings, InstantSettings)
        return fit_instant(lesson, lesson.settings)
