"""The page's own Dash components: thin shells whose insides are the ES modules in `static/`."""

from typing import Any, ClassVar

from dash.development.base_component import Component

_NAMESPACE = "voxloop_annotate"


class _Shell(Component):  # type: ignore[misc]
    """What all have in common; a subclass names its props."""

    _namespace = _NAMESPACE
    _children_props: ClassVar[list[str]] = []
    _base_nodes: ClassVar[list[str]] = ["children"]
    _valid_wildcard_attributes: ClassVar[list[str]] = []
    available_wildcard_properties: ClassVar[list[str]] = []

    def __init__(self, **props: Any) -> None:
        self._prop_names = list(self.available_properties)
        super().__init__(**props)


class Canvas(_Shell):
    """The image with labels and prediction over it; `volume` and `prediction` are ids."""

    _type = "Canvas"
    available_properties: ClassVar[list[str]] = ["id", "volume", "prediction"]


class ToolStrip(_Shell):
    """The tools."""

    _type = "ToolStrip"
    available_properties: ClassVar[list[str]] = ["id"]


class ClassList(_Shell):
    """The classes to paint with."""

    _type = "ClassList"
    available_properties: ClassVar[list[str]] = ["id"]


class HistoryPanel(_Shell):
    """What was done to the labels."""

    _type = "HistoryPanel"
    available_properties: ClassVar[list[str]] = ["id"]


class FlagList(_Shell):
    """The places to look at again."""

    _type = "FlagList"
    available_properties: ClassVar[list[str]] = ["id"]


class LayerPanel(_Shell):
    """Window, opacity and visibility of the layers."""

    _type = "LayerPanel"
    available_properties: ClassVar[list[str]] = ["id"]


class ResultPanel(_Shell):
    """Of the prediction that is shown: how much of each class there is, files to download, post-processing."""

    _type = "ResultPanel"
    available_properties: ClassVar[list[str]] = ["id"]


class ReviewPanel(_Shell):
    """The places worth a look, and what became of them."""

    _type = "ReviewPanel"
    available_properties: ClassVar[list[str]] = ["id"]


class StatusLine(_Shell):
    """Saved state, position and values under the pointer."""

    _type = "StatusLine"
    available_properties: ClassVar[list[str]] = ["id"]


class ModelHint(_Shell):
    """Whether the model that is chosen to predict with suits the volume, a preview of it, and the classes that the labels lack."""

    _type = "ModelHint"
    available_properties: ClassVar[list[str]] = ["id", "model"]


class ComparePanel(_Shell):
    """With what the prediction that is shown is compared, and how."""

    _type = "ComparePanel"
    available_properties: ClassVar[list[str]] = ["id"]


class RoundList(_Shell):
    """What was labelled for each training, and what that brought."""

    _type = "RoundList"
    available_properties: ClassVar[list[str]] = ["id"]


class TrainForm(_Shell):
    """What to train and how: `order` is what somebody has set, `started` {id, after} the job that came of it."""

    _type = "TrainForm"
    available_properties: ClassVar[list[str]] = ["id", "order", "started"]


class LiveControl(_Shell):
    """Live mode: on or off, by which learner, how it is, and what to do with what it has learned."""

    _type = "LiveControl"
    available_properties: ClassVar[list[str]] = ["id"]


class EventStream(_Shell):
    """Nothing to see: `jobs`, `services`, `predictions` and `connected` change as the server says, `focus` [z, y, x] as the user looks."""

    _type = "EventStream"
    available_properties: ClassVar[list[str]] = ["id", "volume", "jobs", "services", "predictions", "connected", "focus"]
