"""Results through the command line: masks, statistics, post-processing."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.infer.test_postprocessing import blobs
from tests.infer.test_postprocessing_jobs import SHAPE, predict
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.data.volumes import read_info
from voxloop_shared.workspace import Workspace


@pytest.fixture(scope="module")
def rock(shared_terminal) -> Workspace:
    """A workspace with a volume `rock` and a prediction of it."""
    np.save(shared_terminal.folder / "rock.npy", np.random.default_rng(0).integers(0, 200, SHAPE).astype("int16"))
    shared_terminal.json("import", shared_terminal.folder / "rock.npy", "--voxel-size", 5, 1, 1, "--unit", "mm")
    workspace = Workspace(shared_terminal.folder / "ws")
    predict(workspace, read_info(workspace, "rock"), blobs(SHAPE))
    return workspace


def test_one_class_is_written_as_a_mask(shared_terminal, rock, tmp_path: Path):
    for named in ("5", "class 5"):
        shared_terminal.json("export", "rock", "p1", tmp_path / f"{named}.tif", "--mask", named)
        np.testing.assert_array_equal(tifffile.imread(tmp_path / f"{named}.tif"), blobs(SHAPE) == 5)
    assert "there are 1 class 1" in shared_terminal.error("export", "rock", "p1", tmp_path / "a.tif", "--mask", "9")
    assert "--mask is of classes" in shared_terminal.error(
        "export", "rock", "p1", tmp_path / "a.tif", "--mask", "5", "--layer", "confidence"
    )
    assert "no layer 'depth'" in shared_terminal.error("export", "rock", "p1", tmp_path / "a.tif", "--layer", "depth")


def test_statistics_are_printed_and_written(shared_terminal, rock, tmp_path: Path):
    found = shared_terminal.json("stats", "rock", "p1", "--csv", tmp_path / "a.csv")
    assert {entry["id"]: entry["voxels"] for entry in found["classes"]} == {n: int((blobs(SHAPE) == n).sum()) for n in (1, 2, 5)}
    assert found["classes"][0]["ml"] == pytest.approx(found["classes"][0]["voxels"] * 0.005)
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [int(row["voxels"]) for row in rows] == [entry["voxels"] for entry in found["classes"]]
    assert "exists already" in shared_terminal.error("stats", "rock", "p1", "--csv", tmp_path / "a.csv")
    plain = shared_terminal.run("stats", "rock", "p1")
    assert "mm³" in plain.stdout
    assert "class 5" in plain.stdout


def test_a_chain_makes_a_new_prediction(shared_terminal, rock, tmp_path: Path):
    chain = tmp_path / "chain.json"
    chain.write_text(json.dumps({"steps": [{"kind": "keep_largest", "classes": [5]}], "fallback": 2}))
    made = shared_terminal.json("postprocess", "rock", "p1", "--chain", chain, "--wait")
    info, group = open_prediction(rock, "rock", made["prediction"])
    assert (info.source, made["source"]) == ("p1", "p1")
    found = np.asarray(group["class/0"])
    assert 0 < (found == 5).sum() < (blobs(SHAPE) == 5).sum()
    np.testing.assert_array_equal(found[blobs(SHAPE) != 5], blobs(SHAPE)[blobs(SHAPE) != 5])
    done = shared_terminal.json("postprocess", "rock", "p1", "--preset", "sarcopenia", "--wait")
    assert open_prediction(rock, "rock", done["prediction"])[0].chain["steps"][0] == {
        "classes": None,
        "kind": "range",
        "low": -29,
        "high": 150,
    }


def test_bad_chains_are_refused_in_one_line(shared_terminal, rock, tmp_path: Path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"steps": [{"kind": "closing", "size": 4}]}')
    assert "use 3 or 5" in shared_terminal.error("postprocess", "rock", "p1", "--chain", wrong)
    wrong.write_text('{"steps": [{"kind": "closing", "classes": [9]}]}')
    assert "no class 9" in shared_terminal.error("postprocess", "rock", "p1", "--chain", wrong)
    assert "cannot read" in shared_terminal.error("postprocess", "rock", "p1", "--chain", tmp_path / "none.json")
    assert "no preset 'beauty'" in shared_terminal.error("postprocess", "rock", "p1", "--preset", "beauty")
    assert "name the steps" in shared_terminal.error("postprocess", "rock", "p1")
    assert "exclude each other" in shared_terminal.error("postprocess", "rock", "p1", "--preset", "tidy", "--chain", wrong)
    assert "no prediction 'p9'" in shared_terminal.error("postprocess", "rock", "p9", "--preset", "tidy")
    assert "no preset 'beauty'" in shared_terminal.error("predict", "rock", "--model", "m", "--preset", "beauty")
