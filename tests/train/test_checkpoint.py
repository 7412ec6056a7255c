import json

import pytest
import torch
from safetensors.torch import save

from voxloop_train.checkpoint import Checkpoint, forget_checkpoint, read_checkpoint, write_checkpoint

FILE = "training.safetensors"


def example() -> Checkpoint:
    part = Checkpoint(values={"dice": [0.5, float("nan")]})
    part.put("weights", {"a.b": torch.ones(2, 3)})
    whole = Checkpoint(values={"state": 2**100, "peak": float("-inf")})
    whole.put("random", {"cpu": torch.get_rng_state()})
    whole.add("run", part)
    return whole


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    write_checkpoint(tmp_path / "new", example())
    found = read_checkpoint(tmp_path / "new")
    assert (found.values["state"], found.values["peak"]) == (2**100, float("-inf"))
    assert torch.equal(found.group("random")["cpu"], torch.get_rng_state())
    part = found.part("run")
    assert part.values["dice"][0] == 0.5
    assert torch.equal(part.group("weights")["a.b"], torch.ones(2, 3))
    assert found.part("other") is None
    assert found.group("other") == {}


def test_a_later_checkpoint_replaces_the_earlier_and_leaves_nothing_beside_it(tmp_path):
    write_checkpoint(tmp_path, example())
    write_checkpoint(tmp_path, Checkpoint(values={"state": 3}))
    assert read_checkpoint(tmp_path).values == {"state": 3}
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    forget_checkpoint(tmp_path)
    assert read_checkpoint(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04pickled",
        save({"a": torch.ones(1)}),
        save({"a": torch.ones(1)}, {"format": "99", "values": "{}"}),
        save({"a": torch.ones(1)}, {"format": "1", "values": "{"}),
        save({"a": torch.ones(1)}, {"format": "1", "values": json.dumps({})})[:-2],
    ],
)
def test_what_is_no_checkpoint_of_this_version_is_none(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert read_checkpoint(tmp_path) is None
