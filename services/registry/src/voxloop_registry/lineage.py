"""Where a model comes from and what came of it: a graph of models, label snapshots, volumes, jobs and predictions."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from voxloop_registry.database import Database
from voxloop_registry.lookup import address_of, find_version
from voxloop_registry.predictions import MadePrediction, PredictionFiles
from voxloop_registry.tables import Version
from voxloop_shared.errors import ModelNotFound
from voxloop_shared.schemas import Schema

MOST_DEPTH = 100
_MOST_NODES = 500

Kind = Literal["model", "snapshot", "volume", "job", "prediction"]


class Node(Schema):
    """A thing in the graph; which fields it has depends on its kind."""

    id: str
    kind: Kind
    label: str
    name: str | None = None
    version: int | None = None
    learner: str | None = None
    author: str | None = None
    created: str | None = None
    aliases: list[str] = Field(default=[])
    mean_dice: float | None = None
    is_deleted: bool = False
    is_missing: bool = Field(default=False, description="a parent that this registry does not have")
    volume: str | None = None
    digest: str | None = None
    snapshot: str | None = None
    service: str | None = None
    job: str | None = None
    prediction: str | None = None
    partial: bool = False


class Edge(Schema):
    """What gave what: a volume was `labelled`, a snapshot `taught`, a job `made`, a model was `parent` of another or `predicted`."""

    source: str
    target: str
    kind: Literal["labelled", "taught", "made", "parent", "predicted"]


class Lineage(Schema):
    """The graph around one thing; `is_cut` where there is more than is shown."""

    root: str
    nodes: list[Node]
    edges: list[Edge]
    is_cut: bool


class Genealogy:
    """The lineage of one registry's models; safe between threads and between processes."""

    def __init__(self, database: Database, predictions: PredictionFiles) -> None:
        self._database = database
        self._predictions = predictions

    def of_model(self, name: str, which: str, depth: int) -> Lineage:
        """Give a version's ancestors and descendants, what taught them, and what the version predicted; raises ModelNotFound."""
        with self._database.reading() as session:
            version = find_version(session, name, which, deleted=True)
            graph = _Graph()
            graph.add_model(version)
            graph.add_relatives(session, version, depth)
            for made in self._predictions.made_by(version.model.name, version.number, version.digest):
                graph.add_prediction(made, [_id_of(version)])
            return graph.finished(_id_of(version))

    def of_prediction(self, volume: str, prediction: str, depth: int) -> Lineage:
        """Give the models that made a prediction, their ancestors and what taught them; raises PredictionNotFound, VolumeNotFound."""
        made = self._predictions.find(volume, prediction)
        graph = _Graph()
        with self._database.reading() as session:
            makers = dict.fromkeys(made.models)
            graph.add_prediction(made, [self._add_maker(session, graph, maker, depth) for maker in makers])
        return graph.finished(f"prediction:{volume}/{prediction}")

    def _add_maker(self, session: Session, graph: "_Graph", maker: tuple[str, int, str], depth: int) -> str:
        name, number, digest = maker
        try:
            version = find_version(session, name, str(number), deleted=True)
        except ModelNotFound:
            return graph.add_missing(f"{name}:{number}")
        if version.digest != digest:  # it came from another workspace, where that name is another model
            return graph.add_missing(f"{name}:{number}", digest)
        graph.add_model(version)
        graph.add_ancestors(session, version, depth)
        return _id_of(version)


class _Graph:
    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str], Edge] = {}
        self._is_cut = False

    def finished(self, root: str) -> Lineage:
        edges = [edge for edge in self._edges.values() if {edge.source, edge.target} <= self._nodes.keys()]  # what is cut has no node
        return Lineage(root=root, nodes=list(self._nodes.values()), edges=edges, is_cut=self._is_cut)

    def add_relatives(self, session: Session, version: Version, depth: int) -> None:
        self.add_ancestors(session, version, depth)
        generation = [version.id]
        while generation:
            query = _families().where(Version.parent_id.in_(generation)).order_by(Version.id).limit(_MOST_NODES)
            children, depth = session.scalars(query).all(), depth - 1
            for child in children:
                if depth < 0 or self._is_full():
                    self._is_cut = True
                    return
                self.add_model(child)
            generation = [child.id for child in children]

    def add_ancestors(self, session: Session, version: Version, depth: int) -> None:
        parent_id = version.parent_id
        while parent_id is not None:
            if not depth or self._is_full():
                self._is_cut = True
                return
            found = session.scalars(_families().where(Version.id == parent_id)).one()
            self.add_model(found)
            parent_id, depth = found.parent_id, depth - 1

    def add_model(self, version: Version) -> None:
        """Add a version with what it was made of; its parent comes as a node by itself."""
        own = _id_of(version)
        self._add(_model_node(version))
        summary, volume = version.summary, version.volume
        if volume:
            snapshot = f"snapshot:{volume}/{summary.get('snapshot', '')}"
            self._add(Node(id=f"volume:{volume}", kind="volume", label=volume, volume=volume, digest=summary.get("volume_digest")))
            self._add(Node(id=snapshot, kind="snapshot", label=f"labels of {volume}", volume=volume, snapshot=summary.get("snapshot")))
            self._link(f"volume:{volume}", snapshot, "labelled")
            self._link(snapshot, own, "taught")
        if job := summary.get("job"):
            self._add(Node(id=f"job:train/{job}", kind="job", label=f"training {job}", service="train", job=job))
            self._link(f"job:train/{job}", own, "made")
        if version.parent_id is not None and version.parent:
            self._link(f"model:{version.parent}", own, "parent")
        elif version.parent:
            self._link(self.add_missing(version.parent), own, "parent")

    def add_missing(self, address: str, digest: str | None = None) -> str:
        """Add a version that the registry does not have, or has as another (told by its `digest`), and give its id."""
        id_ = f"model:{address}{f'#{digest}' if digest else ''}"
        self._add(Node(id=id_, kind="model", label=address, name=address.partition(":")[0], is_missing=True))
        return id_

    def add_prediction(self, made: MadePrediction, makers: Iterable[str]) -> None:
        if self._is_full():
            self._is_cut = True
            return
        own = f"prediction:{made.volume}/{made.prediction}"
        label = f"prediction {made.prediction} of {made.volume}"
        facts = {"volume": made.volume, "prediction": made.prediction, "author": made.author, "created": made.created}
        self._add(Node(id=own, kind="prediction", label=label, partial=made.partial, **facts))
        for maker in makers:
            self._link(maker, own, "predicted")

    def _is_full(self) -> bool:
        return len(self._nodes) >= _MOST_NODES

    def _add(self, node: Node) -> None:
        self._nodes.setdefault(node.id, node)

    def _link(self, source: str, target: str, kind: Literal["labelled", "taught", "made", "parent", "predicted"]) -> None:
        self._edges.setdefault((source, target), Edge(source=source, target=target, kind=kind))


def _families() -> Select[Version]:
    return select(Version).options(joinedload(Version.model))


def _id_of(version: Version) -> str:
    return f"model:{address_of(version)}"


def _model_node(version: Version) -> Node:
    return Node(
        id=_id_of(version),
        kind="model",
        label=address_of(version),
        name=version.model.name,
        version=version.number,
        learner=version.learner,
        author=version.made_by or version.author,
        created=version.created.isoformat(),
        aliases=[alias.alias for alias in version.aliases],
        mean_dice=version.summary.get("metrics", {}).get("mean_dice"),
        is_deleted=version.deleted is not None,
    )
