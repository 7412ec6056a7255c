"""One tree of errors, the same on both sides of a socket.

VoxloopError 500
├── InvalidInput 400
│   ├── UnreadableFile      a file that is missing, corrupt or not a 3D image
│   ├── ShapeMismatch       an array on another grid than the volume
│   ├── UnknownClass        a class id that the volume does not have
│   ├── InvalidStroke       a mask that contradicts its box, or lies outside the volume
│   └── TooFewLabels        nothing, or one class only, to learn from
├── Unauthorized 401        the door's token is missing or wrong
├── Forbidden 403           the kernel names a user who may not
├── NotFound 404
│   ├── VolumeNotFound, SnapshotNotFound, PredictionNotFound, JobNotFound, ModelNotFound
├── Conflict 409
│   ├── NameTaken, IllegalTransition, WorkspaceInUse, NothingToUndo, DigestMismatch, Superseded
│   ├── ModelInUse          an alias, a child or a prediction needs what is to be deleted
│   ├── DoubtfulPromotion   the model is worse than the champion, or nobody knows
│   └── NewerManifest       a newer voxloop described the model: it is shown, not run
├── TooLarge 413
├── ServiceUnavailable 503  nobody listens on a service's socket
├── ServiceTimeout 504
└── DiskFull 507
"""

import errno
from collections.abc import Iterator
from typing import Any, ClassVar


class VoxloopError(Exception):
    """Any failure voxloop can name; the message says the offending value and what would be right."""

    status: ClassVar[int] = 500

    def __init__(self, message: str, detail: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail

    def to_json(self) -> dict[str, Any]:
        """Give the one form in which errors travel and are stored."""
        return {"error": {"type": type(self).__name__, "message": self.message, "detail": self.detail}}


class InvalidInput(VoxloopError):
    """The request or file contradicts itself or the volume."""

    status = 400


class UnreadableFile(InvalidInput):
    """The file is missing, corrupt or not a 3D image."""


class ShapeMismatch(InvalidInput):
    """The array lies on another grid than the volume."""


class UnknownClass(InvalidInput):
    """The class id is not one of the volume's."""


class InvalidStroke(InvalidInput):
    """The mask contradicts its box, or the box lies outside the volume."""


class TooFewLabels(InvalidInput):
    """There is nothing, or one class only, to learn from."""


class Unauthorized(VoxloopError):
    """The door's token is missing or wrong."""

    status = 401


class Forbidden(VoxloopError):
    """The kernel names a user, or the browser an origin, that may not."""

    status = 403


class NotFound(VoxloopError):
    """Nothing has that address."""

    status = 404


class VolumeNotFound(NotFound):
    """No volume has that id."""


class SnapshotNotFound(NotFound):
    """The labels have no such snapshot."""


class PredictionNotFound(NotFound):
    """No prediction has that id."""


class JobNotFound(NotFound):
    """No job has that id."""


class ModelNotFound(NotFound):
    """The registry has no such model, version or alias."""


class Conflict(VoxloopError):
    """The request was right at another time."""

    status = 409


class NameTaken(Conflict):
    """Something else has that name."""


class IllegalTransition(Conflict):
    """The job's state does not allow that."""


class WorkspaceInUse(Conflict):
    """Another stack holds the workspace, or another process the socket."""


class NothingToUndo(Conflict):
    """The history holds no stroke to undo or redo."""


class DigestMismatch(Conflict):
    """The bytes are not those that were announced."""


class Superseded(Conflict):
    """The same client has asked for something newer."""


class ModelInUse(Conflict):
    """An alias, a child or a prediction needs the model version; the detail names them."""


class DoubtfulPromotion(Conflict):
    """The model is no better than the incumbent on the same held-out strokes, or that is not known; the detail is the comparison."""


class NewerManifest(Conflict):
    """A newer voxloop described the model: it can be shown, and not be run."""


class TooLarge(VoxloopError):
    """The body is larger than the route takes."""

    status = 413


class ServiceUnavailable(VoxloopError):
    """Nobody listens on the service's socket."""

    status = 503


class ServiceTimeout(VoxloopError):
    """The service did not answer in time."""

    status = 504


class DiskFull(VoxloopError):
    """The file system has no room left."""

    status = 507


def from_json(body: object, status: int) -> VoxloopError:
    """Rebuild the error that a service sent; an unknown type becomes the nearest by status."""
    fields = body.get("error") if isinstance(body, dict) else None
    if not isinstance(fields, dict):
        fields = {"message": f"the service answered {status} without saying why"}
    tree = list(_tree(VoxloopError))
    by_name = {kind.__name__: kind for kind in tree}
    by_status = {kind.status: kind for kind in reversed(tree)}
    kind = by_name.get(str(fields.get("type"))) or by_status.get(status, VoxloopError)
    return kind(str(fields.get("message", "unknown error")), fields.get("detail"))


def from_os_error(error: OSError) -> VoxloopError:
    """Name what the operating system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no space left on the disk while writing {error.filename or 'a file'}: free some and try again")
    return VoxloopError(f"the operating system refused: {error}")


def _tree(kind: type[VoxloopError]) -> Iterator[type[VoxloopError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)
