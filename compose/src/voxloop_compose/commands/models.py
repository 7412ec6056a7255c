"""models: what the registry holds."""

import typer

from voxloop_compose import console
from voxloop_compose.target import JsonOption, WorkspaceOption, find_target


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("models")(list_models)


def list_models(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the models."""
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
    return console.print_table(
        ("model", "version", "learner", "volume", "aliases", "by", "created"), rows, "no models: `voxloop train` makes one"
    )
