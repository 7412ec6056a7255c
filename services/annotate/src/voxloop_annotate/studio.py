"""Everything the routes and the page work with, wired once."""

import logging
from dataclasses import dataclass

from voxloop_annotate.annotations import Annotations
from voxloop_annotate.catalogue import Catalogue
from voxloop_annotate.hub import Hub
from voxloop_annotate.library import Library
from voxloop_annotate.live import Live
from voxloop_annotate.loop import Loop
from voxloop_annotate.models import Models
from voxloop_annotate.people import People
from voxloop_annotate.proposals import Proposals
from voxloop_annotate.results import Results
from voxloop_annotate.reviews import Reviews
from voxloop_annotate.settings import AnnotateSettings
from voxloop_annotate.watcher import Watcher
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import NotFound, VoxloopError
from voxloop_shared.identity import this_process
from voxloop_shared.schemas import VolumeInfo
from voxloop_shared.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Studio:
    """The parts of a running annotate service."""

    workspace: Workspace
    catalogue: Catalogue
    library: Library
    annotations: Annotations
    hub: Hub
    loop: Loop
    live: Live
    watcher: Watcher
    results: Results
    reviews: Reviews
    models: Models
    people: People

    def add_volume(self, volume_id: str, author: str) -> VolumeInfo:
        """Show a volume that was written into the workspace, with empty labels; raises VolumeNotFound."""
        info = self.library.volume(volume_id)
        self.annotations.ensure(info)
        self.catalogue.add_volume(info.id, info.name, author)
        return info

    def adopt_volumes(self) -> None:
        """Show what an import wrote whole but was killed before it could announce."""
        known = set(self.catalogue.volume_ids())
        for path in self.workspace.volumes.glob("[!.]*.zarr"):
            if path.stem in known:
                continue
            try:
                self.add_volume(path.stem, this_process().user)
            except (VoxloopError, KeyError, ValueError) as error:  # not one of ours: it must not keep the service down
                log.warning("%s is no volume of voxloop: %r", path, error)
            else:
                log.info("adopted volume %s, which no import has announced", path.stem)

    def pick_volume(self, wanted: str | None) -> VolumeInfo | None:
        """Give the volume that a link asks for, else the newest, else None."""
        if wanted:
            try:
                return self.library.volume(wanted)
            except NotFound:
                pass
        return next(iter(self.library.volumes()), None)


def open_studio(settings: AnnotateSettings) -> Studio:
    """Wire the parts over a workspace, which is made where there is none."""
    workspace = Workspace(settings.workspace)
    workspace.prepare()
    catalogue = Catalogue(workspace.database)
    catalogue.prepare()
    registry, train, infer = (ServiceClient(settings.socket_of(name)) for name in ("registry", "train", "infer"))
    loop, hub = Loop(registry, train, infer, catalogue), Hub()
    library = Library(workspace, catalogue, settings.cache_bytes)
    annotations = Annotations(workspace, library.voxels, Proposals(library).of)
    reviews = Reviews(infer, catalogue, library, annotations)
    studio = Studio(
        workspace=workspace,
        catalogue=catalogue,
        library=library,
        annotations=annotations,
        hub=hub,
        loop=loop,
        live=Live(train, infer, registry, hub.publish),
        watcher=Watcher(loop, reviews, hub),
        results=Results(workspace, infer, catalogue),
        reviews=reviews,
        models=Models(registry, train, infer, library, annotations),
        people=People(catalogue, lambda: hub.publish(None, "people", {})),
    )
    studio.results.forget_downloads()
    studio.adopt_volumes()
    return studio
