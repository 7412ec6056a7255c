"""What a training draws with: three generators, whose states a checkpoint keeps."""

import numpy as np
import torch

from voxloop_train.checkpoint import Checkpoint


class Randomness:
    """Torch's own generators, and one for the augmentation on the device; that of the crops belongs to their sampler."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.augmentation = torch.Generator(device=device).manual_seed(seed)
        self._name = f"augmentation_{device.type}"

    def checkpoint(self, crops: np.random.Generator) -> Checkpoint:
        """Give the states of all, that of the crops included."""
        found = Checkpoint(values={"crops": crops.bit_generator.state})
        found.put("torch", {"cpu": torch.get_rng_state(), self._name: self.augmentation.get_state()})
        if torch.cuda.is_available():
            found.put("torch", {"cuda": torch.cuda.get_rng_state()})
        return found

    def restore(self, stored: Checkpoint, crops: np.random.Generator) -> None:
        """Put all back into their states; what a checkpoint of another kind of device does not say stays as it is."""
        states = stored.group("torch")
        torch.set_rng_state(states["cpu"])
        if self._name in states:
            self.augmentation.set_state(states[self._name])
        if "cuda" in states and torch.cuda.is_available():
            torch.cuda.set_rng_state(states["cuda"])
        crops.bit_generator.state = stored.values["crops"]
