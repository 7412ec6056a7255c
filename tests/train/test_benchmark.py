"""The benchmark of learners is right about what it measures: cases, strokes, scores, contestants, tables."""

import numpy as np
import pytest
import tifffile

from tests.benchmarks.ablation import AS_IS, table_of
from tests.benchmarks.learners.cases import Case, case_from_files, choose_painted, choose_scored
from tests.benchmarks.learners.contestants import Bout, OurLearner, Peer, PeerMissing, contestant_of
from tests.benchmarks.learners.lessons import school
from tests.benchmarks.learners.runs import run, run_at_equal_time
from tests.benchmarks.learners.score import dice_of, mean_dice
from tests.benchmarks.learners.strokes import simulate_strokes
from tests.benchmarks.learners.table import markdown_table
from tests.benchmarks.second_round import measure, more_slices


def stripes(shape=(12, 48, 48)) -> np.ndarray:
    """Classes 1 and 2 in turn, twelve rows each."""
    return (np.indices(shape)[1] // 12 % 2 + 1).astype(np.uint8)


@pytest.fixture
def case() -> Case:
    truth = stripes()
    image = (truth * 60 + np.random.default_rng(0).normal(0, 5, truth.shape)).astype(np.uint8)
    return Case("stripes", image, truth, painted=(2, 6, 10), scored=(4, 8))


def test_strokes_are_those_of_their_seed_inside_their_class_on_their_slices() -> None:
    truth = stripes()
    drawn = simulate_strokes(truth, (2, 6), seed=1)
    assert np.array_equal(drawn, simulate_strokes(truth, (2, 6), seed=1))
    assert not np.array_equal(drawn, simulate_strokes(truth, (2, 6), seed=2))
    assert np.flatnonzero(drawn.any(axis=(1, 2))).tolist() == [2, 6]
    assert np.array_equal(drawn[drawn > 0], truth[drawn > 0])
    assert set(np.unique(drawn)) == {0, 1, 2}


def test_nothing_is_drawn_where_the_truth_is_not_known() -> None:
    truth = stripes()
    truth[:, :, 24:] = 0
    assert not simulate_strokes(truth, (2, 6), seed=0)[:, :, 24:].any()


def test_a_perfect_prediction_scores_one_and_a_swapped_one_zero() -> None:
    truth = stripes()
    assert dice_of(truth, truth) == [1.0, 1.0]
    assert dice_of(truth, 3 - truth) == [0.0, 0.0]


def test_dice_is_twice_the_overlap_over_both_areas() -> None:
    truth, found = np.array([[1, 1, 1, 2]], np.uint8), np.array([[1, 2, 2, 2]], np.uint8)
    assert dice_of(truth, found) == [2 * 1 / (3 + 1), 2 * 1 / (1 + 3)]


def test_what_is_not_known_and_what_is_not_there_is_not_judged() -> None:
    truth, found = np.array([[0, 0, 1, 3]], np.uint8), np.array([[2, 2, 1, 3]], np.uint8)
    assert mean_dice(dice_of(truth, found)) == 1.0


def test_painted_slices_show_the_rarest_class_and_scored_ones_are_others() -> None:
    truth = np.ones((30, 8, 8), np.uint8)
    truth[10:21, 4] = 2
    painted = choose_painted(truth)
    scored = choose_scored(truth, painted)
    assert painted == (12, 15, 18)
    assert not set(painted) & set(scored)
    assert all((truth[z] == 2).any() for z in scored)


def test_any_pair_of_files_makes_a_case(tmp_path) -> None:
    truth = stripes()
    tifffile.imwrite(tmp_path / "image.tif", truth * 40)
    tifffile.imwrite(tmp_path / "labels.tif", np.where(truth == 1, 0, 117).astype(np.uint8))
    case = case_from_files(tmp_path / "image.tif", tmp_path / "labels.tif")
    assert np.array_equal(case.truth, truth)
    assert case.names == ("0", "117")
    assert np.array_equal(case.strokes(3), simulate_strokes(truth, case.painted, 3))


def test_somebodys_own_strokes_are_taken_as_they_are(tmp_path) -> None:
    truth, drawn = stripes(), np.zeros((12, 48, 48), np.uint8)
    drawn[3, 2:6, 2:30], drawn[3, 14:18, 2:30] = 1, 2
    for name, array in (("image", truth * 40), ("labels", truth), ("strokes", drawn)):
        np.save(tmp_path / f"{name}.npy", array)
    case = case_from_files(*(tmp_path / f"{name}.npy" for name in ("image", "labels", "strokes")))
    assert np.array_equal(case.strokes(0), drawn)
    assert case.painted == (3,)
    assert 3 not in case.scored


@pytest.mark.parametrize("name", ["instant", "forest"])
@pytest.mark.parametrize("whole", [False, True])
def test_whoever_competes_tells_stripes_apart(case: Case, name: str, whole: bool) -> None:
    bout = Bout(case, seed=0, budget_s=5, whole=whole)
    (figures,) = run(contestant_of(name, {}, Peer(name).python), bout)
    assert figures["mean_dice"] > 0.9
    assert figures["train_s"] > 0
    assert figures["predict_s"] > 0


def test_one_training_is_judged_for_each_plane_set(case: Case) -> None:
    unet = OurLearner("unet", {"steps": 2, "width": 4, "depth": 1, "crop": 32, "planes": "z"})
    runs = list(run(unet, Bout(case, seed=0, budget_s=30, planes=("z", "zyx"))))
    assert [figures["planes"] for figures in runs] == ["z", "zyx"]
    assert runs[0]["train_s"] == runs[1]["train_s"]


def test_at_equal_time_a_learner_gets_what_the_forest_took(case: Case) -> None:
    unet = OurLearner("unet", {"width": 4, "depth": 1, "crop": 32, "planes": "z"})
    forest, ours = run_at_equal_time(unet, contestant_of("forest", {}, Peer("forest").python), Bout(case, seed=0, budget_s=99))
    assert (forest["contestant"], ours["contestant"], ours["rival"]) == ("forest", "unet", "forest")
    assert ours["rival_total_s"] == forest["total_s"]
    assert ours["budget_s"] <= max(1.0, forest["total_s"])


def test_a_peer_that_is_not_installed_is_named(case: Case, tmp_path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'dlsia'\" >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(PeerMissing, match="dlsia"):
        list(Peer("dlsia", str(python)).compete(Bout(case, seed=0, budget_s=1)))


def test_the_second_round_goes_on_from_the_first_on_other_slices(case: Case) -> None:
    slices = more_slices(case)
    assert len(slices) == 3
    assert not {*slices} & {*case.painted, *case.scored}
    settings = {"steps": 2, "width": 4, "depth": 1, "crop": 32, "planes": "z"}
    with school(case) as place:
        figures = measure(place, 0, 5.0, [5.0], settings)
    assert set(figures) == {"first_s", "first_dice", "warm_5s_dice", "fresh_5s_dice"}
    assert all(0 <= figures[key] <= 1 for key in figures if key.endswith("dice"))


def test_a_table_gives_mean_and_spread_over_seeds() -> None:
    runs = [{"case": "nerve", "contestant": "unet", "mean_dice": dice, "train_s": 60.0, "predict_s_per_mvoxel": 1.5} for dice in (0.8, 0.9)]
    row = markdown_table(runs).splitlines()[-1]
    assert row == "| nerve | unet | 2 | 0.850 ± 0.071 | 60.00 ± 0.00 | 1.50 ± 0.00 |"


def test_an_ablation_compares_run_by_run() -> None:
    def one(variation: str, case: str, seed: int, dice: float) -> dict:
        return {"variation": variation, "case": case, "seed": seed, "mean_dice": dice}

    runs = [one(AS_IS, "nerve", 0, 0.8), one(AS_IS, "nerve", 1, 0.6), one("no ema", "nerve", 0, 0.7), one("no ema", "nerve", 1, 0.5)]
    assert table_of(runs).splitlines()[-1] == "| no ema | 0.600 ± 0.141 | -0.100 ± 0.000 |"
