"""A model's versions copied to an MLflow server: for each a run with its files, settings, metrics and curves, and a registered version."""

import math
from collections.abc import Iterator
from typing import Any

from voxloop_compose.console import Report
from voxloop_compose.mlflow import MlflowServer, Point, Run
from voxloop_compose.target import Target
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import VoxloopError
from voxloop_shared.exchange import DESCRIPTION, README, WEIGHTS, classes_in, describe_packed, metrics_in, pack_model
from voxloop_shared.schemas import ModelRecord, Schema

_VERSION_TAG, _DIGEST_TAG, _MODEL_TAG = "voxloop.version", "voxloop.digest", "voxloop.model"
_MOST_POINTS = 2000
_NO_METRICS = frozenset({"elapsed_s", "progress", "eta_s", "step"})


class Mirrored(Schema):
    """What a mirroring came to: the versions that the server did not have, and where the aliases point (numbers of voxloop)."""

    name: str
    experiment: str
    added: list[int]
    aliases: dict[str, int]


def mirror(target: Target, name: str, url: str, experiment: str, report: Report) -> Mirrored:
    """Copy all versions of a model that the server does not have, oldest first, then its aliases; may be repeated at any time.

    Raises ModelNotFound, and what MlflowServer raises. What was copied before a failure stays and is not copied again.
    """
    with MlflowServer(url) as server, target.client("registry") as registry:
        detail = registry.get(f"/models/{name}")
        models = sorted((ModelRecord.model_validate(entry) for entry in detail["versions"]), key=lambda model: model.version)
        experiment_id = server.experiment(experiment)
        known = _known(server, models)
        added = [model for model in models if model.version not in known]
        for done, model in enumerate(added):
            report(done / len(added), f"{name}:{model.version}", None)
            known[model.version] = _copy(target, registry, server, experiment_id, model)
        aliases: dict[str, int] = {alias: number for alias, number in detail["aliases"].items() if number in known}
        _move_aliases(server, name, {alias: known[number] for alias, number in aliases.items()})
    return Mirrored(name=name, experiment=experiment, added=[model.version for model in added], aliases=aliases)


def _known(server: MlflowServer, models: list[ModelRecord]) -> dict[int, str]:
    """Map the numbers of those versions that the server has to its own numbers; another workspace may have sent others of that name."""
    there = {}
    for version in server.versions(models[0].name) if models else []:
        tags = {tag["key"]: tag["value"] for tag in version.get("tags", [])}
        there[tags.get(_VERSION_TAG), tags.get(_DIGEST_TAG)] = str(version["version"])
    wanted = {model.version: (str(model.version), model.digest) for model in models}
    return {number: there[key] for number, key in wanted.items() if key in there}


def _copy(target: Target, registry: ServiceClient, server: MlflowServer, experiment: str, model: ModelRecord) -> str:
    """Copy one version and give its number on the server."""
    address = f"{model.name}:{model.version}"
    tags = {_MODEL_TAG: address, _VERSION_TAG: str(model.version), _DIGEST_TAG: model.digest}
    runs = server.finished_runs(experiment, tags)  # of a mirroring that ended before it was registered
    run = next(iter(runs), None) or _new_run(target, registry, server, experiment, model, tags)
    return server.register(model.name, run, tags, model.description)


def _new_run(
    target: Target, registry: ServiceClient, server: MlflowServer, experiment: str, model: ModelRecord, tags: dict[str, str]
) -> Run:
    packed = pack_model(model, model.manifest, "voxloop", None)
    made_ms = round(model.created.timestamp() * 1000)
    about = tags | {"mlflow.user": model.author, "mlflow.source.name": "voxloop", "mlflow.note.content": model.description}
    with server.new_run(experiment, tags[_MODEL_TAG], about, made_ms) as run:
        server.log(run, [*_figures(model, made_ms), *_curves(target, model, made_ms)], dict(_parameters(model.manifest)))
        server.send_file(run, DESCRIPTION, packed.model_dump_json(indent=1).encode())
        server.send_file(run, README, describe_packed(packed).encode())
        with registry.stream("GET", f"/models/{model.name}/versions/{model.version}/weights") as response:
            server.send_file(run, WEIGHTS, response.iter_bytes(1 << 20))
    return run


def _move_aliases(server: MlflowServer, name: str, wanted: dict[str, str]) -> None:
    """Make aliases on the server point where voxloop's do; others that people have set there stay."""
    there = server.aliases(name) if wanted else {}
    for alias, version in wanted.items():
        if there.get(alias) != version:
            server.set_alias(name, alias, version)


def _figures(model: ModelRecord, time_ms: int) -> Iterator[Point]:
    """Give a version's metrics; of lists and texts there is nothing to plot."""
    for name, value in _flat(metrics_in(model.manifest)):
        if isinstance(value, (int, float)) and math.isfinite(value):
            yield Point(_metric_name(name), float(value), 0, time_ms)


def _curves(target: Target, model: ModelRecord, time_ms: int) -> Iterator[Point]:
    """Give what the training reported on its way, as long as its job is known here."""
    job = model.manifest.get("job")
    if not job:
        return
    try:
        lines = target.get("train", f"/jobs/{job}/metrics", max_points=_MOST_POINTS)
    except VoxloopError:  # jobs are cleared away, and of an imported model there never was one
        return
    for number, line in enumerate(lines):
        step = line.get("step", number)
        for name, value in _flat({name: value for name, value in line.items() if name not in _NO_METRICS}):
            if isinstance(value, (int, float)) and math.isfinite(value) and isinstance(step, int):
                yield Point(_metric_name(f"training.{name}"), float(value), step, time_ms + round(1000 * line.get("elapsed_s", 0)))


def _parameters(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("learner", "planes", "volume", "volume_digest", "snapshot", "unit", "code_version", "hardware", "parent"):
        if manifest.get(name) is not None:
            yield name, str(manifest[name])
    yield "classes", ", ".join(str(entry.get("name")) for entry in classes_in(manifest))
    for part in ("architecture", "settings", "normalisation"):
        for name, value in _flat(manifest.get(part)):
            yield _metric_name(f"{part}.{name}"), str(value)


def _flat(values: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give nested values under dotted names; a newer manifest may hold something else, which has none."""
    for name, value in values.items() if isinstance(values, dict) else ():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _metric_name(name: str) -> str:
    """Give a name that MLflow takes: letters, digits, and _ - . space /."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-. /") else "_" for letter in name)[:250]
