"""From voxels as they are stored to a tensor that a network of features sees."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from voxloop_shared.nets.inputs import LIMIT
from voxloop_shared.schemas import Normalisation


def normalised(voxels: NDArray[Any], normalisation: Normalisation) -> Tensor:
    """Give what `inputs.normalise` gives, to the last bit, in less than half the time; on the CPU."""
    out = torch.from_numpy(voxels if voxels.flags.writeable else voxels.copy()).to(torch.float32, copy=True)
    out.sub_(normalisation.center).div_(normalisation.scale)
    if voxels.dtype.kind == "f":
        out.nan_to_num_(nan=0.0, posinf=LIMIT, neginf=-LIMIT)
    return out.clamp_(-LIMIT, LIMIT)
