"""share: who may do what in a workspace that was opened to a group (`voxloop up --share GROUP`)."""

import grp
import pwd
from typing import Annotated, Any
from urllib.parse import quote

import typer

from voxloop_compose import console
from voxloop_compose.target import JsonOption, Target, WorkspaceOption, find_target
from voxloop_shared.errors import InvalidInput

_ROLES = {"owner": "gives roles, too", "annotator": "paints and runs jobs", "viewer": "looks"}
_WHAT_ROLES_MAY = ", ".join(f"{role} ({may})" for role, may in _ROLES.items())

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="Account of a colleague on this machine.")]
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help=f"{_WHAT_ROLES_MAY}.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    share = typer.Typer(help="Say what each member of the group may do in a shared workspace.", no_args_is_help=True)
    for name, command in (("list", list_people), ("set", set_role), ("others", set_others), ("remove", remove_role)):
        share.command(name)(command)
    app.add_typer(share, name="share")


def list_people(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the roles."""
    target = find_target(workspace)
    _show(target, target.get("annotate", "/api/people"), as_json)


def set_role(user: UserArgument, role: RoleArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Give a colleague a role; open pages follow at once."""
    target = find_target(workspace)
    _check_account(user, target.record.share)
    with target.client("annotate") as annotate:
        _show(target, annotate.put(_path(user), {"role": _checked(role)}), as_json)


def set_others(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="annotator or viewer.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a role to all members of the group who have none of their own."""
    target = find_target(workspace)
    with target.client("annotate") as annotate:
        _show(target, annotate.put("/api/people", {"role": _checked(role)}), as_json)


def remove_role(user: UserArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Take a colleague's own role away: they may again what others may."""
    target = find_target(workspace)
    with target.client("annotate") as annotate:
        _show(target, annotate.delete(_path(user)), as_json)


def _show(target: Target, found: dict[str, Any], as_json: bool) -> None:
    group = target.record.share
    if as_json:
        console.print_json({"group": group} | found)
        return
    console.remark(f"shared with {group}" if group else "not shared now: `voxloop up --share GROUP` lets a group in")
    rows = [(found["host"], "owner", "runs the stack")]
    rows += [(entry["user"], entry["role"], f"by {entry['author']}") for entry in found["people"]]
    console.print_table(("user", "role", ""), [*rows, ("all others", found["others"], "")], "")


def _path(user: str) -> str:
    return f"/api/people/{quote(user, safe='')}"


def _checked(role: str) -> str:
    if role not in _ROLES:
        raise InvalidInput(f"no role {role!r}: there are {_WHAT_ROLES_MAY}")
    return role


def _check_account(user: str, group_name: str | None) -> None:
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise InvalidInput(f"there is no account {user!r} on this machine") from None
    if group_name is None:
        return
    group = grp.getgrnam(group_name)
    if account.pw_gid != group.gr_gid and user not in group.gr_mem:
        console.remark(f"{user} is not in the group {group_name} and cannot come in")
