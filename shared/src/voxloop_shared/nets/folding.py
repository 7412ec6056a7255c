"""Batch normalisation folded into the convolutions before it: in evaluation mode it only scales and shifts what they give."""

from itertools import pairwise

from torch import nn
from torch.nn.utils import fuse_conv_bn_eval


def fold_normalisation(network: nn.Module) -> None:
    """Fold a network that is in evaluation mode, in place; it answers the same but for rounding, sooner, and cannot be trained any more."""
    for layers in network.modules():
        if isinstance(layers, nn.Sequential):
            for place, (layer, following) in enumerate(pairwise(list(layers))):
                if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                    layers[place], layers[place + 1] = fuse_conv_bn_eval(layer, following), nn.Identity()
