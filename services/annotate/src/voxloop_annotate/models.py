"""Models as the page shows them: what the registry says, put together with what this workspace knows of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from voxloop_annotate.annotations import Annotations
from voxloop_annotate.lessons import Lesson, read_lesson
from voxloop_annotate.library import Library
from voxloop_annotate.modelgroups import Group, stretches
from voxloop_annotate.modelqueries import ModelQuery
from voxloop_annotate.modelusage import command_line, python_lines
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import InvalidInput, NotFound, ServiceTimeout, ServiceUnavailable

Json = dict[str, Any]

Download = tuple[httpx.Headers, Iterator[bytes]]
"""Headers of an answer, and its bytes piece by piece."""

_EXCHANGE_S = 600.0
_MADE_BY_INFER = ("bioimageio", "onnx")
"""Packages that take the network itself to be made."""
_MOST_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Listing:
    """Some rows of a list of models; `row_count` it has in all, heads of groups with them. `groups` is None where there are none."""

    rows: list[Json]
    row_count: int
    models: int
    groups: int | None = None


def model_route(name: str, *rest: str | int) -> str:
    """Give the registry's route of a model or of what belongs to it; nothing in a name can lead elsewhere."""
    return "/models/" + "/".join(quote(str(part), safe="") for part in (name, *rest))


class Models:
    """Reads and changes models; each method raises what the registry raises."""

    def __init__(
        self, registry: ServiceClient, train: ServiceClient, infer: ServiceClient, library: Library, annotations: Annotations
    ) -> None:
        self.registry = registry
        self._train = train
        self._infer = infer
        self._library = library
        self._annotations = annotations

    def rows(self, query: ModelQuery, sort: str, start: int, stop: int) -> Listing:
        """Give the rows from `start` to `stop` (exclusive) of the list.

        A row is the registry's with `id` "name:version", or the head of a group: {"id", "group", "count", "is_open"}.
        """
        if not query.group:
            found, total = self._versions(query.parameters(), sort, start, stop - start)
            return Listing(found, total, total)
        groups = [Group.model_validate(entry) for entry in self.registry.get("/versions/groups", by=query.group, **query.parameters())]
        parts, row_count = stretches(groups, query.opened, start, stop)
        rows: list[Json] = []
        for part in parts:
            value = part.group.value
            if part.is_head:
                about = {"group": value, "count": part.group.count, "is_open": value in query.opened}
                rows.append({"id": f"group/{value}"} | about)
            else:
                rows += self._versions(query.parameters() | {query.group: value}, sort, part.offset, part.count)[0]
        return Listing(rows, row_count, sum(group.count for group in groups), len(groups))

    def facets(self, *, deleted: bool = False) -> Json:
        """Give the values that can be filtered by, with how often each occurs."""
        found: Json = self.registry.get("/facets", deleted="true" if deleted else None)
        return found

    def card(self, name: str, which: str) -> Json:
        """Give a version (by number also a deleted one) with the other versions of its name, and how to use it."""
        record: Json = self.registry.get(model_route(name, "versions", which), deleted="true" if which.isdigit() else None)
        detail: Json = self.registry.get(model_route(name), deleted="true")
        siblings = [_sibling(entry) for entry in detail["versions"]]
        about = {"description": detail.get("description", ""), "tags": detail.get("tags", []), "aliases": detail["aliases"]}
        has_volume = self._has_volume(record)
        usage = self._usage(record, record["manifest"]["volume"] if has_volume else "VOLUME") if _is_runnable(record) else None
        return {"record": record, "model": about, "versions": siblings, "usage": usage, "has_volume": has_volume}

    def lineage(self, name: str, which: str) -> Json:
        """Give where a version comes from and what came of it, with the lessons of the snapshots that this workspace has.

        `lessons` are by the id of their node; a snapshot of another workspace has none.
        """
        graph: Json = self.registry.get(model_route(name, "versions", which, "lineage"), deleted="true")
        taught = {node["id"]: self._lesson(node["volume"], node["snapshot"]) for node in graph["nodes"] if node["kind"] == "snapshot"}
        volumes = {node["id"]: node["volume"] for node in graph["nodes"] if node["id"] in taught}
        lessons = {node: {"volume": volumes[node]} | each.model_dump(mode="json") for node, each in taught.items() if each is not None}
        return graph | {"lessons": lessons}

    def curves(self, name: str, which: str) -> list[Json]:
        """Give what its training reported on the way: step, elapsed_s, loss, val_dice; nothing where the job is gone."""
        record: Json = self.registry.get(model_route(name, "versions", which), deleted="true" if which.isdigit() else None)
        job = record["manifest"].get("job")
        if not isinstance(job, str) or not job:
            return []
        try:
            lines = self._train.get(f"/jobs/{quote(job, safe='')}/metrics", max_points=_MOST_POINTS)
        except (NotFound, ServiceUnavailable, ServiceTimeout):
            return []
        wanted = ("step", "elapsed_s", "loss", "val_dice")
        return [
            {key: line.get(key) for key in wanted} for line in lines if line.get("loss") is not None or line.get("val_dice") is not None
        ]

    def weights(self, name: str, which: str) -> Download:
        """Give the weights of a version as they are, a safetensors file."""
        return self._download(self.registry, model_route(name, "versions", which, "weights"), {})

    def package(self, name: str, which: str, kind: str) -> Download:
        """Give a version as a package: a "voxloop" bundle, "bioimageio" or "onnx"; raises InvalidInput for any other."""
        route = model_route(name, "versions", which, "export")
        if kind == "voxloop":
            return self._download(self.registry, route, {})
        if kind not in _MADE_BY_INFER:
            raise InvalidInput(f"no package {kind!r}: there are voxloop, {', '.join(_MADE_BY_INFER)}")
        return self._download(self._infer, route, {"format": kind})

    def take_in(self, package: Path, name: str | None) -> Json:
        """Import a package (a voxloop bundle, or a bioimage.io package that voxloop made) and give its new version."""
        with package.open("rb") as stream:
            route = str(httpx.URL("/imports", params={"name": name} if name else {}))
            record: Json = self.registry.request("POST", route, content=stream, timeout_s=_EXCHANGE_S).json()
        return record

    def _download(self, service: ServiceClient, route: str, query: Json) -> Download:
        with ExitStack() as entered:
            streaming = service.stream("GET", route, params=query, timeout=httpx.Timeout(_EXCHANGE_S, connect=2.0))
            response = entered.enter_context(streaming)
            return response.headers, _pieces(response, entered.pop_all())

    def _usage(self, record: Json, volume: str) -> Json:
        return {"command": command_line(record, volume), "python": python_lines(record, self.registry.socket_file)}

    def _versions(self, parameters: Json, sort: str, offset: int, limit: int) -> tuple[list[Json], int]:
        found: Json = self.registry.get("/versions", **parameters, sort=sort, offset=offset, limit=limit)
        return [{"id": f"{row['name']}:{row['version']}"} | row for row in found["rows"]], found["total"]

    def _lesson(self, volume: str, snapshot: str) -> Lesson | None:
        try:
            return read_lesson(self._annotations.of(volume), snapshot)
        except NotFound:
            return None

    def _has_volume(self, record: Json) -> bool:
        """Say whether the volume that a version learned from is here, and still the same."""
        try:
            return bool(self._library.volume(str(record["manifest"].get("volume"))).digest == record["manifest"].get("volume_digest"))
        except NotFound:
            return False


def _pieces(response: httpx.Response, held: ExitStack) -> Iterator[bytes]:
    with held:
        yield from response.iter_raw()


def _is_runnable(record: Json) -> bool:
    return bool(record.get("runnable", True))


def _sibling(record: Json) -> Json:
    dice = record["manifest"].get("metrics", {}).get("mean_dice")
    return {key: record.get(key) for key in ("version", "aliases", "created", "deleted")} | {"mean_dice": dice}
