"""Errors are the same on both sides of a socket."""

import errno
from pathlib import Path

import pytest

from voxloop_shared import errors
from voxloop_shared.client import ServiceClient
from voxloop_shared.server import create_api


def tree(kind: type[errors.VoxloopError] = errors.VoxloopError) -> list[type[errors.VoxloopError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


@pytest.fixture
def client(serve_app) -> ServiceClient:
    api = create_api("thing", "1")

    @api.get("/raise/{name}")
    def raise_named(name: str):
        raise getattr(errors, name)(f"a {name} é", {"n": [1, None]})

    @api.get("/full")
    def fill():
        raise OSError(errno.ENOSPC, "No space left on device", "/some/file")

    @api.get("/oops")
    def oops():
        return 1 / 0

    @api.get("/number/{n}")
    def number(n: int):
        return n

    return serve_app(api)


def test_every_type_survives_the_way_over_a_socket(client: ServiceClient):
    for kind in tree():
        with pytest.raises(errors.VoxloopError) as caught:
            client.get(f"/raise/{kind.__name__}")
        error = caught.value
        assert (type(error), error.message, error.detail) == (kind, f"a {kind.__name__} é", {"n": [1, None]})


def test_every_type_is_drawn_at_the_top_of_the_module():
    assert errors.__doc__
    missing = [kind.__name__ for kind in tree() if kind.__name__ not in errors.__doc__]
    assert not missing


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/full", errors.DiskFull, "no space left"),
        ("/oops", errors.VoxloopError, "ZeroDivisionError"),
        ("/number/x", errors.InvalidInput, "path.n"),
        ("/nowhere", errors.NotFound, "Not Found"),
    ],
)
def test_other_failures_have_the_same_form(client: ServiceClient, path: str, kind: type, words: str):
    with pytest.raises(errors.VoxloopError, match=words) as caught:
        client.get(path)
    assert type(caught.value) is kind


def test_a_wrong_method_keeps_its_status(client: ServiceClient):
    with pytest.raises(errors.VoxloopError, match="Method Not Allowed"):
        client.post("/oops")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidInput), (401, errors.Unauthorized), (403, errors.Forbidden), (404, errors.NotFound),
        (409, errors.Conflict), (413, errors.TooLarge), (503, errors.ServiceUnavailable), (504, errors.ServiceTimeout),
        (507, errors.DiskFull), (500, errors.VoxloopError), (418, errors.VoxloopError),
    ],
)  # fmt: skip
def test_an_unknown_type_becomes_the_nearest_by_status(status: int, kind: type):
    found = errors.from_json({"error": {"type": "NewInAnotherVersion", "message": "m", "detail": 3}}, status)
    assert (type(found), found.message, found.detail) == (kind, "m", 3)


@pytest.mark.parametrize("body", [None, "text", [], {}, {"error": None}, {"error": "text"}, {"error": {}}])
def test_an_answer_without_an_error_still_becomes_one(body: object):
    assert type(errors.from_json(body, 404)) is errors.NotFound


def test_only_a_full_disk_is_called_full():
    assert type(errors.from_os_error(OSError(errno.EDQUOT, "quota"))) is errors.DiskFull
    assert type(errors.from_os_error(PermissionError(errno.EACCES, "no", str(Path("x"))))) is errors.VoxloopError
