"""People: who is asking, and what everybody may do; the gate lets only owners change that."""

from typing import Annotated

from fastapi import APIRouter, Path

from voxloop_annotate.people import EVERYONE, PeopleList, Role, asking
from voxloop_annotate.studio import Studio
from voxloop_shared.schemas import Schema
from voxloop_shared.server import CallerDep

UserName = Annotated[str, Path(min_length=1, max_length=64, pattern=rf"^[^\s/{EVERYONE}]+$")]


class RoleChoice(Schema):
    """The role that somebody is to have."""

    role: Role


class Me(Schema):
    """Who is asking, and what they may do."""

    user: str
    role: Role
    may_change: bool
    host: str


def people_router(studio: Studio) -> APIRouter:
    """Make the routes; all open pages are told of every change."""
    router = APIRouter(prefix="/api")
    people = studio.people

    @router.get("/me")
    def read_me() -> Me:
        """Say who is asking."""
        person = asking()
        return Me(user=person.user, role=person.role, may_change=person.may_change, host=person.host)

    @router.get("/people")
    def list_people() -> PeopleList:
        """List the roles."""
        return people.list()

    @router.put("/people")
    def put_others(body: RoleChoice, who: CallerDep) -> PeopleList:
        """Give a role to all who have none of their own."""
        people.put_others(body.role, who.user)
        return people.list()

    @router.put("/people/{user}")
    def put_person(user: UserName, body: RoleChoice, who: CallerDep) -> PeopleList:
        """Give a user a role."""
        people.put(user, body.role, who.user)
        return people.list()

    @router.delete("/people/{user}")
    def remove_person(user: UserName, who: CallerDep) -> PeopleList:
        """Take a user's own role away."""
        people.remove(user, who.user)
        return people.list()

    return router
