"""What a training draws with: three generators, whose states a checkpoint keeps."""

import numpy as np
import torch

from voxloop_train.checkpoint import Checkpoint


class Randomness:
    """Torch's own generators, and one for the augmentation; that of the crops belongs to their sampler."""

    def __init__(self, seed: int) -> None:
        self.augmentation = torch.Generator().manual_seed(seed)

    def checkpoint(self, crops: np.random.Generator) -> Checkpoint:
        """Give the states of all, that of the crops included."""
        found = Checkpoint(values={"crops": crops.bit_generator.state})
        found.put("torch", {"cpu": torch.get_rng_state(), "augmentation": self.augmentation.get_state()})
        if torch.cuda.is_available():
            found.put("torch", {"cuda": torch.cuda.get_rng_state()})
        return found

    def restore(self, stored: Checkpoint, crops: np.random.Generator) -> None:
        """Put all back into their states; a checkpoint of a machine without a GPU says nothing of that."""
        states = stored.group("torch")
        torch.set_rng_state(states["cpu"])
        self.augmentation.set_state(states["augmentation"])
        if "cuda" in states and torch.cuda.is_available():
            torch.cuda.set_rng_state(states["cuda"])
        crops.bit_generator.state = stored.values["crops"]
