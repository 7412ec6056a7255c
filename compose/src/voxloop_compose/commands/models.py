"""models: what the registry holds, found, shown, named and described."""

from typing import Annotated, Any

import typer

from voxloop_compose import console
from voxloop_compose.commands import exchange, upkeep
from voxloop_compose.target import JsonOption, WorkspaceOption, find_target
from voxloop_shared.addresses import parse_model
from voxloop_shared.errors import DoubtfulPromotion, InvalidInput
from voxloop_shared.exchange import classes_in, metrics_in

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="NAME, NAME@alias or NAME:version.")]
_Several = Annotated[list[str] | None, typer.Option(metavar="VALUE", help="May be given several times.")]
_EMPTY = "no models: `voxloop train` makes one"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="List, find, describe, move, check and delete models.", invoke_without_command=True)
    group.callback()(list_newest)
    for name, command in (("list", list_versions), ("show", show), ("alias", alias), ("tag", tag)):
        group.command(name)(command)
    upkeep.register(group)
    exchange.register(group)
    app.add_typer(group, name="models")


def list_newest(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the models, each with its newest version that can be run; `voxloop models list` finds more."""
    if context.invoked_subcommand is not None:
        return None
    models = find_target(workspace).get("registry", "/models")
    if as_json:
        return console.print_json({"models": models})
    rows = []
    for model in models:
        latest, manifest = model["latest"], model["latest"]["manifest"]
        aliases = ", ".join(f"{alias} → {version}" for alias, version in sorted(model["aliases"].items()))
        rows.append(
            (model["name"], latest["version"], manifest["learner"], manifest["volume"], aliases, latest["author"], latest["created"][:16])
        )
    return console.print_table(("model", "version", "learner", "volume", "aliases", "by", "created"), rows, _EMPTY)


def list_versions(
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Words in names, descriptions, tags, classes, volumes, authors.")] = "",
    class_: Annotated[list[str] | None, typer.Option("--class", metavar="NAME", help="A class that it tells; several: all.")] = None,
    learner: _Several = None,
    volume: _Several = None,
    author: _Several = None,
    tag: _Several = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME:LOW:HIGH", help="A metric's range, either end may be left out: mean_dice:0.8:")
    ] = None,
    newest: Annotated[bool, typer.Option("--newest", help="Only the newest version of each name.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that were deleted, instead of all others.")] = False,
    sort: Annotated[
        str, typer.Option(help="created, name, learner, volume, author, size, metric.NAME; - before it for falling.")
    ] = "-created",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find versions of models."""
    filters = {"class": class_, "learner": learner, "volume": volume, "author": author, "tag": tag, "metric": metric}
    question = {"q": text, "newest": newest, "deleted": deleted, "sort": sort, "limit": limit} | filters
    page = find_target(workspace).get("registry", "/versions", **question)
    if as_json:
        return console.print_json(page)
    columns = ("model", "learner", "volume", "mean Dice", "aliases", "tags", "by", "created")
    console.print_table(columns, [_row(row) for row in page["rows"]], "no models like that")
    if page["total"] > len(page["rows"]):
        console.remark(f"{len(page['rows'])} of {page['total']}: --limit shows more")
    return None


def show(model: ModelArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say what a version is: its classes, metrics, settings, and where it comes from."""
    found = find_target(workspace).get("registry", parse_model(model).path)
    if as_json:
        return console.print_json(found)
    manifest = found["manifest"]
    facts = [
        (name, manifest[name]) for name in ("learner", "volume", "snapshot", "parent", "job", "hardware", "duration_s") if name in manifest
    ]
    classes = [f"{entry.get('id')} {entry.get('name')}" for entry in classes_in(manifest)]
    rows = [
        ("model", f"{found['name']}:{found['version']}"),
        ("description", found["description"]),
        ("tags", ", ".join(found["tags"])),
        ("aliases", ", ".join(found["aliases"])),
        ("published", f"{found['created'][:16]} by {found['author']}"),
        *facts,
        ("classes", ", ".join(classes)),
        *((name, value) for name, value in metrics_in(manifest).items() if isinstance(value, int | float | str)),
        ("weights", f"{found['size'] / 1e6:.1f} MB, sha256 {found['digest']}"),
    ]
    return console.print_table(("", ""), [(name, value) for name, value in rows if value not in ("", None)], "")


def alias(
    model: ModelArgument,
    name: Annotated[str, typer.Argument(metavar="ALIAS", help="candidate, champion, or one of your own.")],
    acknowledge: Annotated[bool, typer.Option("--acknowledge", help="Make it champion although it may be worse.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the alias away from the model instead.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Point an alias at a version; a champion is compared with the one before it."""
    address = parse_model(model)
    route = f"/models/{address.name}/aliases/{name}"
    with find_target(workspace).client("registry") as registry:
        if remove:
            aliases = registry.delete(route)
        else:
            number = registry.get(address.path)["version"]
            try:
                aliases = registry.put(route, {"version": number, "acknowledge": acknowledge})
            except DoubtfulPromotion as doubt:
                raise DoubtfulPromotion(f"{doubt.message}; --acknowledge makes it champion all the same", doubt.detail) from doubt
    if as_json:
        return console.print_json({"model": address.name, "aliases": aliases})
    return console.say(f"{address.name}: {', '.join(f'{known} → {number}' for known, number in aliases.items()) or 'no aliases'}")


def tag(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="NAME for the whole name, NAME@alias or NAME:version for a version.")],
    add: Annotated[list[str] | None, typer.Option(metavar="TAG", help="May be given several times.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="TAG", help="May be given several times.")] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="Replaces what was said before.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tag and describe a name or a version."""
    if not add and not remove and description is None:
        raise InvalidInput("say what: --add TAG, --remove TAG or --description TEXT")
    address = parse_model(model)
    wording: dict[str, Any] = {"add_tags": add or [], "remove_tags": remove or []}
    with find_target(workspace).client("registry") as registry:
        route = f"/models/{address.name}"
        if model != address.name:
            route += f"/versions/{registry.get(address.path)['version']}"
        if description is not None:
            wording["description"] = description
        found = registry.request("PATCH", route, json=wording).json()
    if as_json:
        return console.print_json({"model": model, "description": found["description"], "tags": found["tags"]})
    return console.say(f"{model}: {', '.join(found['tags']) or 'no tags'}{': ' if found['description'] else ''}{found['description']}")


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    dice = row["metrics"].get("mean_dice")
    tags = ", ".join(sorted({*row["tags"], *row["model_tags"]}))
    address = f"{row['name']}:{row['version']}"
    shown = "" if dice is None else f"{dice:.3f}"
    return address, row["learner"], row["volume"], shown, ", ".join(row["aliases"]), tags, row["author"], row["created"][:16]
