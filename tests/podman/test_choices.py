"""What may be asked of containers: limits, GPUs, wheels; none of it needs podman."""

import json

import pytest

from voxloop_compose import __version__
from voxloop_compose.containers.gpus import choose_gpus
from voxloop_compose.containers.limits import Limit, parse_limits
from voxloop_compose.containers.wheels import read_wheels
from voxloop_compose.runtimes import RuntimeChoice
from voxloop_shared.errors import InvalidInput, NotFound

OURS = ("shared", "registry", "train", "infer", "annotate")


def test_limits_are_read_per_service():
    assert parse_limits(["train=16g", "infer=512m"], ["train=1.5"]) == {"train": Limit(16 << 30, 1.5), "infer": Limit(512 << 20, None)}


@pytest.mark.parametrize(("memory", "cpus"), [("train", ""), ("train=lots", ""), ("train=1k", ""), ("page=1g", ""), ("", "train=0")])
def test_limits_that_make_no_sense_are_refused(memory, cpus):
    with pytest.raises(InvalidInput):
        parse_limits([memory] if memory else [], [cpus] if cpus else [])


def test_limits_and_gpus_are_for_containers():
    with pytest.raises(InvalidInput, match="add --runtime podman"):
        RuntimeChoice("process", gpu="all")
    with pytest.raises(InvalidInput, match="process and podman"):
        RuntimeChoice("docker")


def test_a_choice_is_the_same_after_it_was_written_as_options():
    choice = RuntimeChoice("podman", "none", ("train=16g",), ("train=4",))
    assert choice.arguments == ["--runtime", "podman", "--gpu", "none", "--memory", "train=16g", "--cpus", "train=4"]


def test_gpus_are_named_as_cdi_names_them(tmp_path):
    assert choose_gpus("auto", (tmp_path,)) == ()
    assert choose_gpus("none", (tmp_path,)) == ()
    with pytest.raises(NotFound, match="nvidia-ctk cdi generate"):
        choose_gpus("0", (tmp_path,))

    (tmp_path / "other.json").write_text(json.dumps({"kind": "vendor.com/net"}))
    (tmp_path / "broken.json").write_text("{")
    assert choose_gpus("auto", (tmp_path,)) == ()

    (tmp_path / "nvidia.yaml").write_text("---\ncdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: []\n")
    assert choose_gpus("auto", (tmp_path,)) == ("nvidia.com/gpu=all",)
    assert choose_gpus("0,2", (tmp_path,)) == ("nvidia.com/gpu=0", "nvidia.com/gpu=2")
    with pytest.raises(InvalidInput):
        choose_gpus("first", (tmp_path,))


def test_a_folder_of_wheels_is_told_apart_by_what_is_in_it(tmp_path):
    with pytest.raises(InvalidInput, match="pip wheel -c constraints"):
        read_wheels(tmp_path)

    for name in (*(f"voxloop_{part}-{__version__}-py3-none-any.whl" for part in OURS), "pip-26.3-py3-none-any.whl"):
        (tmp_path / name).write_text("one")
    first = read_wheels(tmp_path)
    (tmp_path / f"voxloop_train-{__version__}-py3-none-any.whl").write_text("two")
    second = read_wheels(tmp_path)
    assert second.digest != first.digest
    assert second.libraries == first.libraries

    (tmp_path / "torch-2.13.0-py3-none-any.whl").write_text("")
    assert read_wheels(tmp_path).libraries != first.libraries

    (tmp_path / f"voxloop_train-{__version__}-py3-none-any.whl").rename(tmp_path / "voxloop_train-0.0.1-py3-none-any.whl")
    with pytest.raises(InvalidInput, match="no wheel of voxloop-train"):
        read_wheels(tmp_path)
