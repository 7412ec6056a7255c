"""The page's own Dash components: thin shells whose insides are the ES modules in `static/`."""

from typing import Any, ClassVar

from dash.development.base_component import Component

_NAMESPACE = "voxloop_annotate"


class _Shell(Component):  # type: ignore[misc]
    """What all have in common; a subclass has the type of its name, and `_props` beside `id`."""

    _namespace = _NAMESPACE
    _props: ClassVar[tuple[str, ...]] = ()
    available_properties: ClassVar[list[str]]
    _children_props: ClassVar[list[str]] = []
    _base_nodes: ClassVar[list[str]] = ["children"]
    _valid_wildcard_attributes: ClassVar[list[str]] = []
    available_wildcard_properties: ClassVar[list[str]] = []

    def __init_subclass__(cls) -> None:
        cls._type = cls.__name__
        cls.available_properties = ["id", *cls._props]

    def __init__(self, **props: Any) -> None:
        self._prop_names = list(self.available_properties)
        super().__init__(**props)


class Canvas(_Shell):
    """The image with labels and prediction over it; `volume` and `prediction` are ids."""

    _props = ("volume", "prediction")


class ToolStrip(_Shell):
    """The tools."""


class ClassList(_Shell):
    """The classes to paint with."""


class HistoryPanel(_Shell):
    """What was done to the labels."""


class FlagList(_Shell):
    """The places to look at again."""


class LayerPanel(_Shell):
    """Window, opacity and visibility of the layers."""


class ResultPanel(_Shell):
    """Of the prediction that is shown: how much of each class there is, files to download, post-processing."""


class ReviewPanel(_Shell):
    """The places worth a look, and what became of them."""


class StatusLine(_Shell):
    """Saved state, position and values under the pointer."""


class ModelHint(_Shell):
    """Whether the model that is chosen to predict with suits the volume, a preview of it, and the classes that the labels lack."""

    _props = ("model",)


class ComparePanel(_Shell):
    """With what the prediction that is shown is compared, and how."""


class RoundList(_Shell):
    """What was labelled for each training, and what that brought."""


class TrainForm(_Shell):
    """What to train and how: `order` is what somebody has set, `started` {id, after} the job that came of it."""

    _props = ("order", "started")


class LiveControl(_Shell):
    """Live mode: on or off, by which learner, how it is, and what to do with what it has learned."""


class ModelTools(_Shell):
    """Above the list of models: search, filters, grouping, the way to compare.

    `query` is a ModelQuery, `sort` {column, order}, `total` {models, groups}.
    """

    _props = ("query", "sort", "total", "notice")


class ModelCard(_Shell):
    """All about one version of a model; `which` is a number, an alias or "latest", `notice` {kind, title, text, link} is to be told."""

    _props = ("name", "which", "notice")


class ModelCompare(_Shell):
    """Two to four models ("name:version") side by side."""

    _props = ("models", "notice")


class EventStream(_Shell):
    """Nothing to see: `jobs`, `services`, `predictions` and `connected` change as the server says, `focus` [z, y, x] as the user looks."""

    _props = ("volume", "jobs", "services", "predictions", "connected", "focus")
