"""Images and labels in, labels out; and bad input that gets one clear error and changes nothing."""

import os
import signal
import subprocess

import nibabel
import numpy as np
import pytest
import tifffile

from tests.compose.conftest import VOXLOOP
from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.settings import SERVICES

SHAPE = (7, 33, 46)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def image(folder):
    path = folder / "A stone.tif"
    tifffile.imwrite(path, np.random.default_rng(0).integers(0, 60000, SHAPE, np.uint16))
    return path


@pytest.fixture(scope="module")
def rock(shared_terminal, tmp_path_factory):
    """A volume of the module's stack."""
    path = tmp_path_factory.mktemp("rock") / "rock.tif"
    tifffile.imwrite(path, np.random.default_rng(0).integers(0, 200, SHAPE, np.uint8))
    return shared_terminal.json("import", path)["id"]


def workspace_files(terminal):
    root = terminal.running[0].workspace
    return sorted(str(path) for folder in ("volumes", "labels") for path in (root / folder).iterdir())


def test_import_takes_its_name_from_the_file_and_its_voxel_size_from_the_command(shared_terminal, image):
    info = shared_terminal.json("import", image, "--voxel-size", 2, 0.5, 0.5, "--unit", "nm")

    assert info["id"] == "a-stone"
    assert info["name"] == "A stone"
    assert (info["shape"], info["dtype"]) == (list(SHAPE), "uint16")
    assert (info["voxel_size"], info["unit"]) == ([2.0, 0.5, 0.5], "nm")
    listed = {volume["id"]: volume for volume in shared_terminal.json("volumes")["volumes"]}
    assert listed["a-stone"] == info


def test_a_volume_is_found_by_its_name(shared_terminal, image, folder):
    shared_terminal.json("import", image, "--name", "Große Probe 3")

    done = shared_terminal.json("labels", "export", "Große Probe 3", folder / "labels.tif")

    assert done["volume"] == "groe-probe-3"


def test_labels_come_back_as_they_went_in(shared_terminal, rock, folder):
    labels = np.random.default_rng(1).choice(np.array([0, 0, 0, 1, 2, 250, 255], np.uint8), SHAPE)
    tifffile.imwrite(folder / "labels.tif", labels)

    answer = shared_terminal.json("labels", "import", rock, folder / "labels.tif")
    for name in ("out.tif", "out.nii.gz"):
        shared_terminal.json("labels", "export", rock, folder / name)

    assert {int(k): v for k, v in answer["counts"].items()} == {n: int((labels == n).sum()) for n in (1, 2, 250, 255)}
    assert np.array_equal(tifffile.imread(folder / "out.tif"), labels)
    assert np.array_equal(np.asarray(nibabel.load(folder / "out.nii.gz").dataobj).T, labels)


def test_an_older_snapshot_of_the_labels_can_be_exported(shared_terminal, image, folder):
    volume = shared_terminal.json("import", image, "--name", "aged")["id"]
    ones, twos = np.ones(SHAPE, np.uint8), np.full(SHAPE, 2, np.uint8)
    tifffile.imwrite(folder / "ones.tif", ones)
    tifffile.imwrite(folder / "twos.tif", twos)
    first = shared_terminal.json("labels", "import", volume, folder / "ones.tif")["snapshot"]
    shared_terminal.json("labels", "import", volume, folder / "twos.tif")

    shared_terminal.json("labels", "export", volume, folder / "old.tif", "--snapshot", first)
    shared_terminal.json("labels", "export", volume, folder / "new.tif")

    assert np.array_equal(tifffile.imread(folder / "old.tif"), ones)
    assert np.array_equal(tifffile.imread(folder / "new.tif"), twos)
    assert "no snapshot" in shared_terminal.error("labels", "export", volume, folder / "none.tif", "--snapshot", "nonsense")
    assert not (folder / "none.tif").exists()


@pytest.mark.parametrize("dtype", ["int16", "uint32", "float32", "bool"])
def test_label_images_of_any_type_with_whole_values_are_taken(shared_terminal, rock, folder, dtype):
    np.save(folder / "labels.npy", np.ones(SHAPE, dtype))

    assert shared_terminal.json("labels", "import", rock, folder / "labels.npy")["counts"] == {"1": int(np.prod(SHAPE))}


@pytest.mark.parametrize(
    ("value", "dtype", "named"),
    [(251, "uint8", "251"), (-1, "int16", "-1"), (1.5, "float32", "1.5"), (np.nan, "float32", "nan"), (256, "uint16", "256")],
)
def test_a_value_that_is_no_label_is_refused_by_its_value(shared_terminal, rock, folder, value, dtype, named):
    labels = np.zeros(SHAPE, dtype)
    labels[-1, -1, -1] = value
    np.save(folder / "labels.npy", labels)
    before = shared_terminal.json("labels", "export", rock, folder / "before.tif")["snapshot"]

    assert f"the value {named}:" in shared_terminal.error("labels", "import", rock, folder / "labels.npy")

    assert shared_terminal.json("labels", "export", rock, folder / "after.tif")["snapshot"] == before


def test_a_label_image_without_labels_is_refused(shared_terminal, rock, folder):
    np.save(folder / "labels.npy", np.zeros(SHAPE, np.uint8))

    assert "0 everywhere" in shared_terminal.error("labels", "import", rock, folder / "labels.npy")


def test_labels_of_another_shape_are_refused_with_both_shapes(shared_terminal, rock, folder):
    np.save(folder / "labels.npy", np.zeros((7, 46, 33), np.uint8))

    said = shared_terminal.error("labels", "import", rock, folder / "labels.npy")

    assert "(7, 46, 33)" in said
    assert str(SHAPE) in said


def corrupt(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "missing.tif", "no file"),
        (lambda folder: _saved(folder / "flat.tif", np.zeros((5, 5), np.uint8)), "(5, 5)"),
        (lambda folder: _saved(folder / "colour.tif", np.zeros((5, 9, 9, 3), np.uint8)), "colour"),
        (lambda folder: corrupt(_saved(folder / "half.tif", np.ones((9, 99, 99), np.uint8))), "half.tif"),
        (lambda folder: _written(folder / "words.tif", b"these are words"), "words.tif cannot be read"),
        (lambda folder: _written(folder / "words.nii.gz", b"these are words"), "words.nii.gz"),
        (lambda folder: _written(folder / "picture.jpeg", b""), "unknown kind of file"),
    ],
    ids=["missing", "2D", "colour", "cut off", "no TIFF", "no gzip", "no known ending"],
)
def test_a_file_that_is_no_3d_image_gets_one_error_and_leaves_nothing(shared_terminal, folder, make, says):
    path, before = make(folder), workspace_files(shared_terminal)

    assert says in shared_terminal.error("import", path)

    assert workspace_files(shared_terminal) == before


@pytest.mark.parametrize("name", ["../outside", "a/b", "..", "", "  "])
def test_a_name_that_could_leave_the_workspace_is_refused(shared_terminal, image, name):
    before = workspace_files(shared_terminal)

    assert "is no name" in shared_terminal.error("import", image, "--name", name)

    assert workspace_files(shared_terminal) == before


def test_a_taken_name_is_refused(shared_terminal, image, rock):
    assert "there is a volume 'rock' already" in shared_terminal.error("import", image, "--name", "Rock")


def test_a_voxel_size_that_is_none_is_refused(shared_terminal, image):
    assert "not three positive numbers" in shared_terminal.error("import", image, "--name", "flat", "--voxel-size", 1, 0, 1)
    assert "unit 'parsec' is unknown" in shared_terminal.error(
        "import", image, "--name", "far", "--voxel-size", 1, 1, 1, "--unit", "parsec"
    )


def test_an_unknown_volume_is_named_with_those_there_are(shared_terminal, rock, folder):
    for command in (("train", "ruck"), ("predict", "ruck", "--model", "m"), ("labels", "export", "ruck", folder / "a.tif")):
        said = shared_terminal.error(*command)
        assert "no volume 'ruck'" in said
        assert rock in said


def test_an_export_never_overwrites_and_knows_its_endings(shared_terminal, rock, folder):
    (folder / "mine.tif").write_text("mine")

    assert "exists already" in shared_terminal.error("labels", "export", rock, folder / "mine.tif")
    assert "unknown kind of file" in shared_terminal.error("labels", "export", rock, folder / "mine.doc")
    assert "no folder" in shared_terminal.error("labels", "export", rock, folder / "nowhere" / "mine.tif")
    assert (folder / "mine.tif").read_text() == "mine"


def test_bad_orders_are_refused_in_one_line(shared_terminal, image, rock):
    blank = shared_terminal.json("import", image, "--name", "blank")["id"]

    assert "no voxel is labelled" in shared_terminal.error("train", blank)
    assert "nonsense" in shared_terminal.error("train", rock, "--learner", "nonsense")
    assert "--set 'width' is no setting" in shared_terminal.error("train", rock, "--set", "width")
    assert "names no model" in shared_terminal.error("predict", rock, "--model", "Not A Model")
    assert "ghost" in shared_terminal.error("predict", rock, "--model", "ghost")
    assert "names no model" in shared_terminal.error("predict", rock, "--flips", "--model", "fine", "--model", "Not A Model")
    assert "has no prediction yet" in shared_terminal.error("export", blank, "latest", "out.tif")
    assert "no job 'ghost'" in shared_terminal.error("logs", "ghost")
    assert "no job 'ghost'" in shared_terminal.error("cancel", "ghost")
    assert "No such option" in shared_terminal.error("train", rock, "--no-such-option", exit_code=2)
    assert all(shared_terminal.running[0].health(service) for service in SERVICES)


def test_a_full_disk_while_importing_is_one_error_and_leaves_nothing(terminal, small_disk, folder):
    (terminal.folder / "ws").symlink_to(small_disk)
    terminal.up("--no-tcp")
    np.save(folder / "big.npy", np.random.default_rng(0).integers(0, 60000, (64, 512, 512), np.uint16))

    said = terminal.error("import", folder / "big.npy")

    assert "no space left on the disk" in said
    assert workspace_files(terminal) == []
    tifffile.imwrite(folder / "small.tif", np.ones(SHAPE, np.uint8))
    assert terminal.json("import", folder / "small.tif")["id"] == "small"


def test_an_import_that_is_interrupted_leaves_nothing(terminal, folder):
    terminal.up("--no-tcp")
    with (folder / "big.npy").open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "<u2", "fortran_order": False, "shape": (512, 1024, 1024)})
        os.truncate(stream.fileno(), stream.tell() + 2 * 512 * 1024 * 1024)
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([VOXLOOP, "import", str(folder / "big.npy")], env=terminal.environment)
        wait_until(lambda: workspace_files(terminal))
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 128 + number
        assert workspace_files(terminal) == []


def _saved(path, array):
    tifffile.imwrite(path, array, photometric="rgb" if array.ndim == 4 else "minisblack")
    return path


def _written(path, content):
    path.write_bytes(content)
    return path
