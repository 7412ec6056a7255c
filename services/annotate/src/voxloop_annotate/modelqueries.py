"""What somebody looks for among the models, as the page asks it and as the registry takes it."""

from typing import Any, Literal

from pydantic import Field

from voxloop_shared.schemas import Schema

Grouping = Literal["", "name", "learner", "volume", "author"]

_SORTS = {"model": "name", "dice": "metric.mean_dice"}
"""Columns whose names are not the registry's."""
_NEWEST_FIRST = "-created"


class ModelQuery(Schema):
    """Words and filters that must all hold; `group` puts models with the same value together, those of `opened` values are listed."""

    q: str = Field(default="", max_length=400)
    learner: str | None = None
    volume: str | None = None
    author: str | None = None
    label_class: str | None = Field(default=None, description="a class by its name")
    tag: str | None = None
    alias: str | None = None
    least_dice: float | None = Field(default=None, ge=0, le=1)
    newest: bool = Field(default=False, description="only the newest version of each name")
    trash: bool = Field(default=False, description="only what was deleted")
    group: Grouping = ""
    opened: list[str] = Field(default=[])

    @property
    def is_filtered(self) -> bool:
        """Say whether anything but all models is asked for."""
        return self.parameters() != {}

    def parameters(self) -> dict[str, Any]:
        """Give what the registry's list is asked for."""
        wanted = {
            "q": self.q.strip() or None,
            "learner": self.learner,
            "volume": self.volume,
            "author": self.author,
            "class": self.label_class,
            "tag": self.tag,
            "alias": self.alias,
            "metric": None if self.least_dice is None else f"mean_dice:{self.least_dice}:",
            "newest": "true" if self.newest else None,
            "deleted": "true" if self.trash else None,
        }
        return {name: value for name, value in wanted.items() if value is not None}


def sort_order(sort_model: list[dict[str, str]] | None) -> str:
    """Turn the grid's sort model ([{colId, sort}], the most important first) into the registry's; newest first decides ties."""
    keys = [("-" if entry["sort"] == "desc" else "") + _SORTS.get(entry["colId"], entry["colId"]) for entry in sort_model or []]
    is_dated = any(key.lstrip("-") == "created" for key in keys)
    return ",".join(keys if is_dated else [*keys, _NEWEST_FIRST])
