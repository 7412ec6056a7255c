"""The workspace: one folder with everything a group works on, and who may find what where."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from voxloop_shared.errors import InvalidInput, NotFound, PredictionNotFound, VolumeNotFound

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def slug(name: str) -> str:
    """Turn a name into an id that is safe as a file name and in a URL; raises InvalidInput when nothing is left."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9_-]+", "-", ascii_name).strip("-_")[:63]
    if not found or "/" in name or "\\" in name or ".." in name:
        raise InvalidInput(f"{name!r} is no name: use letters, digits, spaces, - and _, without slashes or '..'")
    return found


def checked_id(value: str, missing: type[NotFound] = VolumeNotFound) -> str:
    """Pass an id through that cannot leave its folder; raises `missing` for any other."""
    if not _ID.fullmatch(value):
        raise missing(f"{value!r} is no id: ids are small letters, digits, - and _")
    return value


@dataclass(frozen=True, slots=True)
class Workspace:
    """The paths of a workspace; makes and reads nothing by itself, except `prepare`."""

    root: Path

    def prepare(self) -> None:
        """Make the folders of a new workspace; harmless on an old one."""
        for folder in (self.volumes, self.labels, self.predictions, self.models, self.jobs):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def database(self) -> Path:
        """Give the SQLite file that names volumes and keeps the audit trail."""
        return self.root / "workspace.db"

    @property
    def volumes(self) -> Path:
        """Give the folder of the image pyramids."""
        return self.root / "volumes"

    @property
    def labels(self) -> Path:
        """Give the folder of the label repositories."""
        return self.root / "labels"

    @property
    def predictions(self) -> Path:
        """Give the folder of the predictions, one folder per volume."""
        return self.root / "predictions"

    @property
    def models(self) -> Path:
        """Give the registry's folder."""
        return self.root / "models"

    @property
    def jobs(self) -> Path:
        """Give the folder of the jobs, one folder per service."""
        return self.root / "jobs"

    def volume(self, volume_id: str) -> Path:
        """Give a volume's pyramid."""
        return self.volumes / f"{checked_id(volume_id)}.zarr"

    def labels_of(self, volume_id: str) -> Path:
        """Give a volume's label repository."""
        return self.labels / checked_id(volume_id)

    def predictions_of(self, volume_id: str) -> Path:
        """Give the folder of a volume's predictions."""
        return self.predictions / checked_id(volume_id)

    def prediction(self, volume_id: str, prediction_id: str) -> Path:
        """Give one prediction's store."""
        return self.predictions_of(volume_id) / f"{checked_id(prediction_id, PredictionNotFound)}.zarr"
