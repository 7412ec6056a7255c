"""Copying: the labels of one slice onto another."""

from voxloop_annotate.fills.orders import Copy
from voxloop_annotate.fills.plan import Plan, plan_marked, plane_box
from voxloop_annotate.fills.planes import LabelPlanes
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import UNLABELLED


def plan_copy(order: Copy, planes: LabelPlanes) -> Plan | None:
    """Plan to copy what is labelled on the source slice; raises InvalidInput when there is no such slice."""
    source = planes.read(_source(order, planes))
    mask = source != UNLABELLED if order.value is None else source == order.value
    return plan_marked(plane_box(order.axis, order.index, planes.shape), planes.stand(mask), planes.stand(source), order)


def _source(order: Copy, planes: LabelPlanes) -> int:
    if order.source is None:
        found = planes.nearest_before(order.index - 1, order.value)
        if found is None:
            what = "labelled" if order.value is None else f"of class {order.value}"
            raise InvalidInput(f"nothing is {what} on any slice before {order.axis} = {order.index}: there is nothing to copy")
        return found
    if order.source == order.index:
        raise InvalidInput(f"slice {order.axis} = {order.index} cannot be copied onto itself: name another slice")
    return order.source
