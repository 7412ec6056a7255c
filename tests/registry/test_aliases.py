"""Aliases move, and who moved them is kept."""

import pytest

from tests.registry.conftest import Shelf, on_both, on_sqlite
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import Conflict, InvalidInput, ModelNotFound, NotFound
from voxloop_shared.identity import this_process


def moves_of(registry: ServiceClient, name: str = "nerve") -> list[tuple]:
    return [(move["alias"], move["before"], move["after"]) for move in registry.get(f"/models/{name}/aliases/history")]


@on_both
def test_every_move_is_kept_with_its_author(registry: ServiceClient, publish):
    publish(registry)
    publish(registry)
    registry.put("/models/nerve/aliases/mine", {"version": 1})
    registry.put("/models/nerve/aliases/mine", {"version": 2})
    registry.put("/models/nerve/aliases/mine", {"version": 2})  # where it is already: no move
    assert registry.delete("/models/nerve/aliases/mine") == {"candidate": 2, "champion": 1}
    assert moves_of(registry) == [
        ("mine", 2, None), ("mine", 1, 2), ("mine", None, 1), ("candidate", 1, 2), ("champion", None, 1), ("candidate", None, 1),
    ]  # fmt: skip
    last = registry.get("/models/nerve/aliases/history")[0]
    assert last["author"] == this_process().user
    assert last["moved"].endswith("Z")


@on_both
def test_an_alias_that_was_taken_away_names_nothing(registry: ServiceClient, publish):
    publish(registry)
    registry.delete("/models/nerve/aliases/candidate")
    with pytest.raises(ModelNotFound):
        registry.get("/models/nerve/versions/candidate")
    with pytest.raises(NotFound, match="no alias 'candidate'"):
        registry.delete("/models/nerve/aliases/candidate")
    with pytest.raises(ModelNotFound):
        registry.delete("/models/none/aliases/candidate")
    with pytest.raises(ModelNotFound):
        registry.get("/models/none/aliases/history")


@on_both
def test_an_alias_is_moved_only_from_where_one_saw_it(registry: ServiceClient, publish):
    for _ in range(3):
        publish(registry)
    assert registry.put("/models/nerve/aliases/mine", {"version": 1, "expected": None})["mine"] == 1
    with pytest.raises(Conflict, match="points at 1, moved by") as refusal:
        registry.put("/models/nerve/aliases/mine", {"version": 2, "expected": None})
    assert refusal.value.detail == {"version": 1}
    with pytest.raises(Conflict, match="points at 1"):
        registry.put("/models/nerve/aliases/mine", {"version": 3, "expected": 2})
    assert registry.put("/models/nerve/aliases/mine", {"version": 3, "expected": 1})["mine"] == 3
    registry.delete("/models/nerve/aliases/mine")
    with pytest.raises(Conflict, match="is not there"):
        registry.put("/models/nerve/aliases/mine", {"version": 2, "expected": 3})


@on_sqlite
@pytest.mark.parametrize("expected", [0, -1, "x", 2**70])
def test_what_is_expected_is_a_version(shelf: Shelf, expected: object):
    with pytest.raises(InvalidInput):
        shelf.client.put("/models/nerve/aliases/mine", {"version": 1, "expected": expected})
