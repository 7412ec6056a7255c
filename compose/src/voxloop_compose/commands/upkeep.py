"""models delete, restore, lineage, verify and collect: what keeps the registry in order."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from voxloop_compose import console
from voxloop_compose.target import JsonOption, WorkspaceOption, find_target
from voxloop_shared.addresses import parse_model
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput

_PAGE = 1000
_VERIFY_TIMEOUT_S = 600.0
"""The largest weights that are taken by default, at the speed of a slow disk."""

VersionArgument = Annotated[str, typer.Argument(metavar="NAME:VERSION", help="A version by its number.")]


def register(group: typer.Typer) -> None:
    """Add the commands to `models`."""
    for command in (delete, restore, lineage, verify, collect):
        group.command()(command)


def delete(model: VersionArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Delete a version, to be restored; refused while an alias, a child or a prediction needs it."""
    with find_target(workspace).client("registry") as registry:
        found = registry.delete(_route_of(model))
    if as_json:
        return console.print_json(found)
    return console.say(f"{model} is deleted; `voxloop models restore {model}` brings it back until its weights are collected")


def restore(model: VersionArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Bring a deleted version back."""
    found = find_target(workspace).post("registry", f"{_route_of(model)}/restore")
    if as_json:
        return console.print_json(found)
    return console.say(f"{model} is back")


def lineage(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="NAME, NAME@alias or NAME:version.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a model comes from, and what came of it."""
    graph = find_target(workspace).get("registry", f"{parse_model(model).path}/lineage")
    if as_json:
        return console.print_json(graph)
    labels = {node["id"]: node["label"] for node in graph["nodes"]}
    rows = [(labels[edge["source"]], edge["kind"], labels[edge["target"]]) for edge in graph["edges"]]
    return console.print_table(("from", "", "to"), rows, f"nothing is known of where {model} comes from")


def verify(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Read all weights and compare them with their digests; the exit code is 1 when some are damaged or missing."""
    with find_target(workspace).client("registry", _VERIFY_TIMEOUT_S) as registry, console.progress("verifying weights") as report:
        entries = list(_entries(registry))
        total, done, broken = sum(entry["size"] or 0 for entry in entries), 0, []
        for entry in entries:
            found = registry.post(f"/blobs/{entry['digest']}/verify")
            broken += [found] if found["state"] != "sound" else []
            done += entry["size"] or 0
            report(done / total if total else 1.0, entry["digest"][:12], None)
    if as_json:
        console.print_json({"checked": len(entries), "bytes": total, "broken": broken})
    else:
        rows = [(found["digest"], found["state"], ", ".join(found["versions"]) or "no model") for found in broken]
        console.print_table(("weights", "", "of"), rows, f"{len(entries)} weights files, {total / 1e6:.1f} MB: all are sound")
    if broken:
        raise typer.Exit(1)


def collect(
    older_than_days: Annotated[float, typer.Option(min=0, help="Weights of no version go when they are older.")] = 7,
    deleted_for_days: Annotated[float, typer.Option(min=0, help="Weights of versions go that were deleted longer ago.")] = 30,
    really: Annotated[bool, typer.Option("--really", help="Do it, instead of saying what would be done.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take away the weights that nobody needs; what goes cannot be restored."""
    wish = {"older_than_days": older_than_days, "deleted_for_days": deleted_for_days, "is_dry": not really}
    found = find_target(workspace).post("registry", "/collect", wish)
    if as_json:
        return console.print_json(found)
    rows = [(blob["digest"], f"{blob['size'] / 1e6:.1f} MB", blob["reason"]) for blob in found["blobs"]]
    console.print_table(("weights", "size", "why"), rows, "nothing to collect")
    said = "collected" if really else "would be collected: --really does it"
    return console.remark(f"{len(rows)} weights files, {found['bytes'] / 1e6:.1f} MB {said}") if rows else None


def _route_of(model: str) -> str:
    address = parse_model(model)
    if not address.version.isdigit():
        raise InvalidInput(f"{model!r} may mean another version tomorrow: write NAME:VERSION")
    return address.path


def _entries(registry: ServiceClient) -> Iterator[dict[str, Any]]:
    """Give what lies in the store and what versions name, page by page."""
    after = ""
    while page := registry.get("/blobs", after=after, limit=_PAGE):
        yield from page
        after = page[-1]["digest"]
