"""The learner `unet`: a 2D network that sees the slices around each labelled voxel."""

from typing import Literal

from pydantic import Field

from voxloop_shared.schemas import Schema, VolumeInfo
from voxloop_train.learners.learner import Learned, Lesson

_ISOTROPIC = 1.5
_THINNEST = 32


class UnetSettings(Schema):
    """Settings of the U-Net; the defaults suit most volumes."""

    width: int = Field(default=16, ge=4, le=128, title="Width", description="channels at full resolution; they double at each halving")
    depth: int = Field(default=3, ge=1, le=6, title="Depth", description="how often the resolution is halved; deeper sees further")
    in_channels: Literal[1, 3, 5, 7, 9] = Field(default=3, title="Context slices", description="slices the network sees at once")
    planes: Literal["auto", "z", "zyx"] = Field(
        default="auto", title="Planes", description="orientations in which slices are cut; auto: all three where voxels are cubes"
    )
    crop: int = Field(default=96, ge=32, le=512, multiple_of=8, title="Crop", description="rows and columns of a training crop, in voxels")
    batch: int = Field(default=8, ge=2, le=256, title="Batch", description="crops per step")
    learning_rate: float = Field(default=3e-3, gt=0, le=0.1, title="Learning rate", description="the highest; it rises and falls")
    weight_decay: float = Field(default=1e-2, ge=0, le=1, title="Weight decay", description="pulls weights towards zero")
    held_out: float = Field(default=0.12, ge=0, le=0.5, title="Held out", description="share of the labels kept back to judge the model")
    steps: int | None = Field(default=None, ge=1, title="Steps", description="stop after so many steps, if the time budget allows them")
    seed: int = Field(default=0, ge=0, title="Seed", description="same seed, same draws")


def planes_of(settings: UnetSettings, volume: VolumeInfo) -> Literal["z", "zyx"]:
    """Choose the orientations: all three where a slice looks alike in each, and is no thin strip."""
    if settings.planes != "auto":
        return settings.planes
    is_isotropic = max(volume.voxel_size) <= _ISOTROPIC * min(volume.voxel_size)
    return "zyx" if is_isotropic and min(volume.shape) >= _THINNEST else "z"


class UnetLearner:
    """Trains a 2D U-Net on crops around labelled voxels."""

    name = "unet"
    title = "U-Net"
    help = "A deep network. Takes a minute or more, needs only a few strokes of each class, and is the most accurate."
    settings: type[Schema] = UnetSettings

    def learn(self, lesson: Lesson) -> Learned:
        """Train within the budget."""
        from voxloop_train.fitting import fit  # torch loads in the job's process only

        assert isinstance(lesson.settings, UnetSettings)
        return fit(lesson, lesson.settings)
