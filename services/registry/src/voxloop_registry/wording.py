"""Tags and descriptions: what people say of models, which may change while manifests never do."""

import re
from collections.abc import Collection

from pydantic import Field

from voxloop_registry.database import Database
from voxloop_registry.facts import words_of
from voxloop_registry.locks import lock_model
from voxloop_registry.lookup import find_version, to_record
from voxloop_registry.manifests import checked_text
from voxloop_registry.tables import Model, Version
from voxloop_shared.errors import InvalidInput
from voxloop_shared.schemas import ModelRecord, Schema

_TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_MOST_TAGS = 50
MOST_LETTERS = 10_000


class Wording(Schema):
    """A change of what is said: tags are added and removed one by one, so that two who do it at once lose nothing."""

    description: str | None = Field(default=None, max_length=MOST_LETTERS)
    add_tags: list[str] = Field(default=[], max_length=_MOST_TAGS)
    remove_tags: list[str] = Field(default=[], max_length=_MOST_TAGS)


class Worded(Schema):
    """What is said of a name."""

    description: str
    tags: list[str]


class Words:
    """What is said of the models of one registry; safe between threads and between processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def say_of_model(self, name: str, wording: Wording) -> Worded:
        """Change a name's description and tags; raises ModelNotFound, InvalidInput."""
        with self._database.writing() as session:
            model = lock_model(session, name)
            _change(model, wording)
            model.words = "\n".join([model.name, model.description.lower(), *sorted(model.tags)])
            return Worded(description=model.description, tags=sorted(model.tags))

    def say_of_version(self, name: str, number: int, wording: Wording) -> ModelRecord:
        """Change a version's description and tags; raises ModelNotFound, InvalidInput."""
        with self._database.writing() as session:
            lock_model(session, name)
            version = find_version(session, name, str(number))
            _change(version, wording)
            version.words = words_of(version.described.manifest, version.description, version.tags)
            session.flush()
            return to_record(version)


def checked_tags(tags: Collection[str]) -> frozenset[str]:
    """Pass tags on; raises InvalidInput."""
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise InvalidInput(f"{tag[:80]!r} is no tag: write up to 40 small letters, digits, '.', '_' and '-'")
    if len(tags) > _MOST_TAGS:
        raise InvalidInput(f"{len(tags)} tags are too many: {_MOST_TAGS} are the most")
    return frozenset(tags)


def checked_description(description: str) -> str:
    """Pass a description on; raises InvalidInput."""
    if len(description) > MOST_LETTERS:
        raise InvalidInput(f"a description of {len(description)} letters is too long: {MOST_LETTERS} are the most")
    return checked_text(description, "the description")


def _change(said: Model | Version, wording: Wording) -> None:
    if wording.description is not None:
        said.description = checked_description(wording.description)
    said.tags = checked_tags((said.tags | frozenset(wording.add_tags)) - frozenset(wording.remove_tags))
