"""The gate: who only may look changes nothing, whatever route it is; new routes are closed to them until they are named here."""

import re

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from voxloop_annotate.people import People, Person, asked_by
from voxloop_shared import behalf
from voxloop_shared.errors import VoxloopError
from voxloop_shared.server import caller, error_response

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOKING = re.compile(r"/_dash-update-component|/api/volumes/[^/]+/preview")
"""What is asked for by POST and changes nothing. Dash's callbacks share an address: those that change something check by themselves."""
_ROLES = re.compile(r"/api/people(/.*)?")


class Gate:
    """ASGI middleware that finds out who asks, refuses what they may not, and has all else done in their name."""

    def __init__(self, app: ASGIApp, people: People) -> None:
        self._app = app
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != behalf.HEADER.encode()]  # nobody is believed here
        person = self._people.person(caller(Request(scope)).user)
        try:
            _check(person, scope)
        except VoxloopError as error:
            await error_response(error)(scope, receive, send)
            return
        with asked_by(person), behalf.working_for(person.user):
            await self._app(scope, receive, send)


def _check(person: Person, scope: Scope) -> None:
    if scope["method"] in _READING:
        return
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if _ROLES.fullmatch(path):
        person.check_owner()
    elif not _LOOKING.fullmatch(path):
        person.check_change()
