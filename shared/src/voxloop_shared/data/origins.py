"""Origins: whether a person gave a voxel its label, or accepted it from a prediction.

While labels are changed, a voxel's label and origin go together as its state: the label, plus 256 where it was accepted. So whatever
compares, replaces or reverts states keeps both in step, and painting over an accepted voxel makes it a person's, also with the same class.
Where nothing was ever accepted, states are the labels themselves (uint8).
"""

from typing import Any

import icechunk
import numpy as np
import zarr
from numpy.typing import NDArray

from voxloop_shared.schemas import UNLABELLED, OverwriteRule

ORIGIN = "origin"
"""The array (uint8, the grid of `labels`) that holds 0 where a person gave the label, 1 where it was accepted. No array: all by hand."""
ACCEPTED = np.uint16(256)

States = NDArray[np.uint8] | NDArray[np.uint16]


def join_states(labels: NDArray[np.uint8], origin: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Put labels and origin together."""
    return labels + origin.astype(np.uint16) * ACCEPTED


def labels_of(states: States) -> NDArray[np.uint8]:
    """Give the labels of states."""
    return states.astype(np.uint8)  # the low byte


def origin_of(states: States) -> NDArray[np.uint8]:
    """Give 1 where states were accepted, else 0."""
    return np.greater_equal(states, ACCEPTED).view(np.uint8)


def paintable(before: States, rule: OverwriteRule) -> NDArray[np.bool_]:
    """Say which voxels a stroke or fill may change."""
    if rule.overwrite == "all":
        return np.ones(before.shape, bool)
    if rule.overwrite == "accepted":
        return np.equal(before, UNLABELLED) | np.greater_equal(before, ACCEPTED)
    return np.equal(labels_of(before), UNLABELLED if rule.replaces is None else rule.replaces)


def accept_states(before: States, predicted: NDArray[np.uint8], rule: OverwriteRule) -> States:
    """Take predicted classes (0: none) as labels where the rule allows it; a label that is the same already stays whose it was."""
    taken = (predicted != UNLABELLED) & (predicted != labels_of(before)) & paintable(before, rule)
    return np.where(taken, predicted + ACCEPTED, before)


def replace_class(states: States, number: int, into: int) -> States:
    """Give one class's voxels another label, of the same origin; what becomes unlabelled has none."""
    labels, value = labels_of(states), np.uint8(into)
    kept = value if into == UNLABELLED else states - labels + value
    return np.where(labels == number, kept, states)


def open_origin(store: icechunk.IcechunkStore) -> zarr.Array[Any] | None:
    """Open the array where there is one."""
    try:
        return zarr.open_array(store, path=ORIGIN)
    except zarr.errors.NodeNotFoundError:
        return None


def create_origin(store: icechunk.IcechunkStore, labels: zarr.Array[Any]) -> zarr.Array[Any]:
    """Make the array beside the labels'."""
    return zarr.create_array(
        store, name=ORIGIN, shape=labels.shape, chunks=labels.chunks, dtype="uint8", fill_value=0, dimension_names=("z", "y", "x")
    )
