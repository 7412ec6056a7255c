"""Acceptance: what a prediction says becomes labels, where a person agrees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from voxloop_annotate.fills.orders import Accept, Place
from voxloop_annotate.fills.plan import LARGEST, bounds_of, check_seed, check_size, chosen_box
from voxloop_annotate.proposals import Proposal
from voxloop_shared.data.masks import slices_of
from voxloop_shared.data.origins import States
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import UNLABELLED, Box


@dataclass(frozen=True)
class AcceptPlan:
    """The classes `predicted` in `box` (z, y, x; 0: none) become labels, where the order's rule allows it."""

    box: Box
    predicted: NDArray[np.uint8]
    order: Accept
    proposal: Proposal
    value: int | None

    @property
    def about(self) -> dict[str, Any]:
        """Give what the commit says besides: the class if it is one, and where the voxels are from."""
        return {"value": self.value, **self.proposal.source}

    def apply(self, before: States) -> States:
        """Give what becomes of the voxels in the box."""
        return self.proposal.accept(before, self.predicted, self.order)


def plan_accept(order: Accept, shape: tuple[int, int, int], proposal: Proposal) -> AcceptPlan | None:
    """Plan to accept; raises InvalidInput, TooLarge, UnknownClass."""
    box = chosen_box(order.axis, order.index, order.dims, order.box, shape)
    check_size(box, LARGEST, "give a smaller box")
    predicted = proposal.read(slices_of(box), order.confidence)
    value = _class_of_seed(predicted, box, order) if order.value is None else order.value
    if value is not None:
        chosen = predicted == value
        predicted = np.where(_piece(chosen, box, order) if order.where == "component" else chosen, predicted, np.uint8(UNLABELLED))
    tight = bounds_of(predicted != UNLABELLED)
    if tight is None:
        return None
    z, y, x = ((start + part.start, start + part.stop) for (start, _), part in zip(box, tight, strict=True))
    return AcceptPlan((z, y, x), predicted[tight], order, proposal, value)


def _class_of_seed(predicted: NDArray[np.uint8], box: Box, order: Accept) -> int | None:
    if order.seed is None:
        return None
    number = int(predicted[_within(order.seed, box)])
    if number == UNLABELLED:
        least = f" with a confidence of at least {order.confidence:.2f}" if order.confidence else ""
        raise InvalidInput(f"nothing is predicted at {order.seed}{least}: choose another place, or a lower confidence")
    return number


def _piece(chosen: NDArray[np.bool_], box: Box, order: Accept) -> NDArray[np.bool_]:
    """Keep the voxels that are joined to the seed by faces."""
    assert order.seed is not None
    pieces, _ = ndimage.label(chosen)
    seed = _within(order.seed, box)
    return np.asarray((pieces == pieces[seed]) & chosen[seed])


def _within(seed: Place, box: Box) -> Place:
    check_seed(seed, box)
    z, y, x = (place - start for place, (start, _) in zip(seed, box, strict=True))
    return z, y, x
