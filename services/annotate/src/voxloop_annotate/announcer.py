"""Announcements: what every open page of a volume is told when its labels change."""

from collections.abc import Callable
from typing import Any

from voxloop_annotate.annotations import Annotations, LabelState, describe_change, describe_classes
from voxloop_annotate.hub import Hub


class Announcer:
    """Tells the open pages what was changed, and gives the change's author their answer."""

    def __init__(self, annotations: Annotations, hub: Hub) -> None:
        self._annotations = annotations
        self._hub = hub

    def stroke(self, volume_id: str, state: LabelState, stroke_id: str | None = None) -> LabelState:
        """Tell that voxels have changed; `stroke_id` lets the page that sent the stroke know its own."""
        self._hub.publish(volume_id, "stroke", describe_change(state, stroke_id))
        return state

    def classes(self, volume_id: str) -> dict[str, Any]:
        """Tell what the classes are now, and give the same."""
        described = describe_classes(self._annotations.of(volume_id))
        self._hub.publish(volume_id, "classes", described)
        return described

    def change(self, volume_id: str, change: Callable[[], LabelState], request_id: str | None) -> LabelState:
        """Make a change that may alter the classes too, and tell what it altered."""
        labels = self._annotations.of(volume_id)
        before = labels.classes()
        state = change()
        if labels.classes() != before:
            self.classes(volume_id)
        return self.stroke(volume_id, state, request_id)
