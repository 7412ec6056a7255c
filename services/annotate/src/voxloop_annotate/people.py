"""People: who may look at a shared workspace, who may change it, who may say so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from voxloop_annotate.catalogue import Catalogue
from voxloop_shared.errors import Forbidden, InvalidInput, NotFound
from voxloop_shared.identity import this_process
from voxloop_shared.schemas import Schema

EVERYONE = "*"
"""In the database: the role of members of the group who have none of their own; no account can have this name."""


class Role(StrEnum):
    """What a person may do: a viewer looks, an annotator changes labels and runs jobs, an owner gives roles, too."""

    OWNER = "owner"
    ANNOTATOR = "annotator"
    VIEWER = "viewer"


class Entry(Schema):
    """A role that was given to a user, by whom and when."""

    user: str
    role: Role
    author: str
    time: datetime


class PeopleList(Schema):
    """The roles of a workspace; whoever is not listed and gets in has `others`. `host` runs the stack and always is an owner."""

    host: str
    others: Role
    people: list[Entry]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks for something, and what they may do."""

    user: str
    role: Role
    host: str

    @property
    def may_change(self) -> bool:
        """Say whether the person may do more than look."""
        return self.role is not Role.VIEWER

    def check_change(self) -> None:
        """Raise Forbidden for somebody who may only look."""
        if not self.may_change:
            raise Forbidden(f"{self.user} may look at this workspace, not change it: ask {self.host} for the role annotator")

    def check_owner(self) -> None:
        """Raise Forbidden for somebody who may not give roles."""
        if self.role is not Role.OWNER:
            raise Forbidden(f"{self.user} may not change roles: an owner of this workspace may, as {self.host} is")


class People:
    """The list in workspace.db, of which this service is the only writer; it is kept in memory, for every change of labels asks it.

    `on_change` is called after each change.
    """

    def __init__(self, catalogue: Catalogue, on_change: Callable[[], None] = lambda: None) -> None:
        self._catalogue = catalogue
        self._on_change = on_change
        self._host = this_process().user
        self._roles = self._read()

    def person(self, user: str) -> Person:
        """Give what a user may do, who has got in somehow; the one who runs the stack may everything."""
        role = Role.OWNER if user == self._host else self._roles.get(user, self._others)
        return Person(user, role, self._host)

    def list(self) -> PeopleList:
        """List the roles that were given."""
        with self._catalogue.connection() as db:
            rows = db.execute("SELECT user, role, author, time FROM people WHERE user != ? ORDER BY user", (EVERYONE,))
            people = [Entry(user=user, role=role, author=author, time=time) for user, role, author, time in rows]
        return PeopleList(host=self._host, others=self._others, people=people)

    def put(self, user: str, role: Role, author: str) -> None:
        """Give a user a role; raises InvalidInput where the one who runs the stack would lose theirs."""
        if user == self._host and role is not Role.OWNER:
            raise InvalidInput(f"{user} runs this stack and stays its owner")
        self._store(user, role, author)

    def put_others(self, role: Role, author: str) -> None:
        """Give a role to all who have none of their own; raises InvalidInput for the owner's."""
        if role is Role.OWNER:
            raise InvalidInput("not everybody can be an owner: choose annotator or viewer")
        self._store(EVERYONE, role, author)

    def remove(self, user: str, author: str) -> None:
        """Take a user's role away: what others may do holds for them again. Raises NotFound."""
        with self._catalogue.connection() as db:
            if not db.execute("DELETE FROM people WHERE user = ?", (user,)).rowcount:
                raise NotFound(f"{user!r} has no role of their own here: see `voxloop share list`")
        self._changed(author, f"{user}: none of their own")

    @property
    def _others(self) -> Role:
        return self._roles.get(EVERYONE, Role.ANNOTATOR)

    def _store(self, user: str, role: Role, author: str) -> None:
        with self._catalogue.connection() as db:
            db.execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)", (user, role, author, datetime.now(UTC).isoformat()))
        self._changed(author, f"{'all others' if user == EVERYONE else user}: {role}")

    def _changed(self, author: str, what: str) -> None:
        self._catalogue.note(author, "role", "", what)
        self._roles = self._read()
        self._on_change()

    def _read(self) -> dict[str, Role]:
        with self._catalogue.connection() as db:
            return {user: Role(role) for user, role in db.execute("SELECT user, role FROM people")}


_asking: ContextVar[Person | None] = ContextVar("voxloop_asking", default=None)


def asking() -> Person:
    """Give who asks for what is being done; without a request, the one who runs this process."""
    me = this_process().user
    return _asking.get() or Person(me, Role.OWNER, me)


@contextmanager
def asked_by(person: Person) -> Iterator[None]:
    """Within the block, and in threads that take over its context, this person asks."""
    before = _asking.set(person)
    try:
        yield
    finally:
        _asking.reset(before)
