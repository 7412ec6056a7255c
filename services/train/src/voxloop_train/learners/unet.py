"""The learner `unet`: a 2D network that sees the slices around each labelled voxel."""

from typing import Literal

from pydantic import Field

from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import ModelVersion, Schema, VolumeInfo
from voxloop_train.learners.learner import Learned, Lesson

_ISOTROPIC = 1.5
_THINNEST = 32
LARGEST_BATCH = 256


class UnetSettings(Schema):
    """Settings of the U-Net; the defaults suit most volumes."""

    width: int = Field(default=16, ge=4, le=128, title="Width", description="channels at full resolution; they double at each halving")
    depth: int = Field(default=3, ge=1, le=6, title="Depth", description="how often the resolution is halved; deeper sees further")
    in_channels: Literal[1, 3, 5, 7, 9] = Field(default=3, title="Context slices", description="slices the network sees at once")
    planes: Literal["auto", "z", "zyx"] = Field(
        default="auto", title="Planes", description="orientations in which slices are cut; auto: all three where voxels are cubes"
    )
    crop: int = Field(default=96, ge=32, le=512, multiple_of=8, title="Crop", description="rows and columns of a training crop, in voxels")
    batch: int = Field(
        default=8, ge=2, le=LARGEST_BATCH, title="Batch", description="crops per step; a GPU takes more where they cost hardly any time"
    )
    learning_rate: float = Field(default=3e-3, gt=0, le=0.1, title="Learning rate", description="the highest; it rises and falls")
    weight_decay: float = Field(default=1e-2, ge=0, le=1, title="Weight decay", description="pulls weights towards zero")
    class_weights: bool = Field(
        default=False, title="Class weights", description="weigh classes with few labels more; crops are drawn evenly from all anyway"
    )
    dice: float = Field(default=0.0, ge=0, le=10, title="Dice loss", description="weight of the Dice loss beside the cross-entropy")
    guide: float = Field(
        default=1.0, ge=0, le=10, title="Guide", description="weight of what a forest says of voxels without a label; 0: strokes only"
    )
    self_training: bool = Field(
        default=False,
        title="Self-training",
        description="learn also from what the network is sure of itself; kept only if it then answers held-out strokes better",
    )
    proportions: bool = Field(
        default=False,
        title="Proportions",
        description="follow the classes' shares of the volume: helps against rare classes found everywhere, harms thin ones",
    )
    variation: float = Field(
        default=1.0, ge=0, le=4, title="Variation", description="how much crops are stretched, bent and relit; 0: turned and mirrored only"
    )
    averaging: float = Field(
        default=0.99, ge=0, lt=1, title="Averaging", description="how slowly the average of the weights follows them; 0: no average"
    )
    settled: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Settled",
        description="share of the budget, of 80 steps at least, after which batch statistics stand still; 1: never",
    )
    held_out: float = Field(default=0.12, ge=0, le=0.5, title="Held out", description="share of the labels kept back to judge the model")
    refit: bool = Field(
        default=True, title="Give back", description="train on the held-out labels, too, in the last third; the score is that from before"
    )
    patience: float = Field(
        default=0.4,
        gt=0,
        le=1,
        title="Patience",
        description="share of the budget without a better score after which training ends; 1: never",
    )
    members: int = Field(
        default=1, ge=1, le=8, title="Members", description="networks trained one after another within the budget; they answer together"
    )
    shrink: float = Field(default=1.0, ge=0, le=1, title="Shrink", description="with a parent: factor on its weights; 1 keeps them")
    perturb: float = Field(
        default=0.0, ge=0, le=1, title="Perturb", description="with a parent: share of a random start added to its weights"
    )
    warm_rate: float = Field(
        default=0.5, gt=0, le=1, title="Warm rate", description="with a parent: factor on the learning rate, which could make it forget"
    )
    checkpoint_s: float = Field(
        default=15, ge=0, le=30, title="Checkpoint", description="seconds after which the training writes down where it stands"
    )
    steps: int | None = Field(
        default=None,
        ge=1,
        title="Steps",
        description="stop after so many steps (of each member), which the same seed repeats exactly; a CPU then uses one thread",
    )
    seed: int = Field(default=0, ge=0, title="Seed", description="same seed, same draws")


def planes_of(settings: UnetSettings, volume: VolumeInfo) -> Literal["z", "zyx"]:
    """Choose the orientations: all three where a slice looks alike in each, and is no thin strip."""
    if settings.planes != "auto":
        return settings.planes
    is_isotropic = max(volume.voxel_size) <= _ISOTROPIC * min(volume.voxel_size)
    return "zyx" if is_isotropic and min(volume.shape) >= _THINNEST else "z"


_SHAPE = ("width", "depth")
"""Settings that give most of a network's weights their shapes: with others nothing of a parent fits."""


class UnetLearner:
    """Trains a 2D U-Net on crops around labelled voxels."""

    name = "unet"
    title = "U-Net"
    help = "A deep network. Takes a minute or more, needs only a few strokes of each class, and is the most accurate."
    settings: type[Schema] = UnetSettings

    def check_parent(self, settings: Schema, parent: ModelVersion) -> None:
        """Refuse a network of another width or depth: none of its weights would fit."""
        assert isinstance(settings, UnetSettings)
        network = parent.manifest.architecture
        network = network.get("member", network)
        for name in _SHAPE:
            wanted = getattr(settings, name)
            if network.get(name, wanted) != wanted:
                raise InvalidInput(
                    f"{parent.name}:{parent.version} has {name} {network[name]}, and none of its weights fit {name} {wanted}: "
                    f"leave {name} out to take the parent's, or train without a parent"
                )

    def learn(self, lesson: Lesson) -> Learned:
        """Train within the budget."""
        from voxloop_train.fitting import fit  # torch loads in the job's process only

        assert isinstance(lesson.settings, UnetSettings)
        return fit(lesson, lesson.settings)
