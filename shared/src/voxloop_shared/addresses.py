"""How people name a model: NAME, NAME@alias or NAME:version."""

import re
from dataclasses import dataclass

from voxloop_shared.errors import InvalidInput

_ADDRESS = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]{0,62})(?:@(?P<alias>[a-z][a-z0-9_-]{0,30})|:(?P<version>[1-9][0-9]{0,8}))?")
LATEST = "latest"
CANDIDATE = "candidate"
"""The alias of a name's newest version, until somebody moves it."""
CHAMPION = "champion"
"""The alias of the version that one relies on."""


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """A model's name and which of its versions: a number, an alias, or `latest`."""

    name: str
    version: str = LATEST

    @property
    def path(self) -> str:
        """Give the registry's route."""
        return f"/models/{self.name}/versions/{self.version}"


def parse_model(text: str) -> ModelAddress:
    """Read an address; raises InvalidInput."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text!r} names no model: write NAME, NAME@alias or NAME:version")
    return ModelAddress(found["name"], found["alias"] or found["version"] or LATEST)
