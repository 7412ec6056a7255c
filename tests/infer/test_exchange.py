"""Models as files for other programs: the same answers there, and the same voxels when they come back."""

import io
import json
import zipfile
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.conftest import serving
from tests.infer.conftest import EXACT, IDS, manifest_of, random_state, voxels
from tests.infer.test_jobs import ended
from voxloop_infer.app import create_app
from voxloop_infer.exchange import exporter as exporter_module
from voxloop_infer.exchange.graphs import BlockGraph, Graph, graph_of, trial_image
from voxloop_infer.exchange.onnxfiles import write_onnx
from voxloop_infer.exchange.resource import NETWORK, RESOURCE, TEST_INPUT, TEST_OUTPUT, channel_names
from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.settings import InferSettings
from voxloop_infer.voting import vote
from voxloop_registry.app import create_app as create_registry
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.errors import InvalidInput, ModelNotFound, ServiceUnavailable
from voxloop_shared.exchange import DESCRIPTION, README, WEIGHTS
from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.pixel import PixelArchitecture
from voxloop_shared.schemas import LabelClass
from voxloop_shared.settings import socket_path
from voxloop_shared.workspace import Workspace

TOLERANCE = 2e-5
PIXEL = {"kind": "pixel", "classes": 3, "scales": 2, "width": 8, "smoothing": 1}


def pixel_state(settings: dict) -> dict:
    torch.manual_seed(3)
    state = build_network(settings).state_dict()
    return {name: tensor * (4 if name.endswith("weight") else 1) for name, tensor in state.items()}


def small_graph(settings: dict, size: tuple[int, int, int]) -> tuple[Graph, Model]:
    """The graph of a network on features for blocks of a size, and the model as the service runs it."""
    manifest = manifest_of(architecture=settings, learner="instant")
    state = pixel_state(settings)
    model = Model(manifest, state, EXACT)
    architecture = PixelArchitecture.model_validate(settings)
    block = BlockGraph(model.network, architecture, manifest.normalisation, size)
    shape = (1, 1, *size) if architecture.is_3d else (1, *size)
    return Graph(block.eval(), "bczyx" if architecture.is_3d else "bcyx", shape, 4, None), model


def session(path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def answers(network, image: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return network(image).numpy()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A U-Net that sees three slices, its graph, and that as ONNX."""
    manifest = manifest_of(in_channels=3)
    state = random_state(manifest)
    graph, path = graph_of(manifest, state), tmp_path_factory.mktemp("onnx") / "net.onnx"
    write_onnx(graph, path, {"voxloop": "{}"})
    return Model(manifest, state, EXACT), graph, path


@pytest.mark.parametrize("size", [(1, 3, 72, 72), (1, 3, 8, 40), (4, 3, 64, 12)])
def test_onnx_says_of_images_of_any_size_what_torch_says(network, size):
    _, graph, path = network
    image = torch.from_numpy(voxels(size[1:], "float32")).expand(size).contiguous()
    found = session(path).run(None, {"voxels": image.numpy()})[0]
    assert found.shape == (size[0], 3, *size[2:])
    assert len(np.unique(found.argmax(axis=1))) > 1
    assert np.abs(found - answers(graph.network, image)).max() < TOLERANCE


def test_onnx_says_of_raw_voxels_what_the_service_says(network):
    model, _, path = network
    block = voxels((7, 48, 64), "uint16")
    inner = (slice(None), slice(None))
    (expected,) = model.opinions(block, 3, inner)
    stack = np.stack([block[start : start + 3] for start in range(5)]).astype(np.float32)
    found = session(path).run(None, {"voxels": stack})[0]
    assert np.abs(found - expected.transpose(0, 1).numpy()).max() < TOLERANCE


def test_what_is_no_number_is_the_middle_grey_there_too(network):
    model, _, path = network
    block = voxels((3, 32, 32), "float32")
    block[:, 3:9, 4:20], block[:, 20, 20], block[:, 25, 5] = np.nan, np.inf, -np.inf
    (expected,) = model.opinions(block, 3, (slice(None), slice(None)))
    found = session(path).run(None, {"voxels": block[None]})[0]
    assert np.isfinite(found).all()
    assert np.abs(found - expected.transpose(0, 1).numpy()).max() < TOLERANCE


def test_an_ensemble_is_one_network_there(tmp_path):
    member = {"in_channels": 1, "classes": 3, "width": 4, "depth": 1}
    manifest = manifest_of(architecture={"kind": "ensemble", "members": 3, "member": member})
    torch.manual_seed(5)
    graph = graph_of(manifest, build_network(manifest.architecture).state_dict())
    write_onnx(graph, tmp_path / "net.onnx", {})
    image = trial_image(graph, manifest.normalisation)
    found = session(tmp_path / "net.onnx").run(None, {"voxels": image.numpy()})[0]
    assert np.abs(found - answers(graph.network, image)).max() < TOLERANCE


@pytest.mark.parametrize(("changes", "size"), [({}, (16, 20, 24)), ({"is_3d": False, "smoothing": 0}, (1, 32, 40))])
def test_a_network_on_features_takes_them_along(tmp_path, changes, size):
    graph, model = small_graph(PIXEL | changes, size)
    write_onnx(graph, tmp_path / "net.onnx", {})
    block = voxels(size, "float32")
    found = session(tmp_path / "net.onnx").run(None, {"voxels": block.reshape(graph.shape)})[0]
    whole = (slice(0, size[0]), slice(0, size[1]), slice(0, size[2]))
    answer = vote([model], Image(lambda region: block[region], size), whole, "z")
    sure = np.sort(found, axis=1)
    is_clear = (sure[0, -1] - sure[0, -2]).reshape(size) > 1e-3
    assert len(np.unique(answer.numbers)) > 1
    assert np.array_equal(np.array(IDS)[found[0].argmax(axis=0)].reshape(size)[is_clear], answer.numbers[is_clear])
    assert is_clear.mean() > 0.9


def test_the_file_is_a_sound_onnx_model_with_its_story(network):
    path = network[2]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [entry.key for entry in model.metadata_props if entry.key == "voxloop"] == ["voxloop"]
    assert [axis.dim_param != "" for axis in model.graph.input[0].type.tensor_type.shape.dim] == [True, False, True, True]


def test_classes_have_names_that_programs_can_take():
    names = ["Bone", "bone!", "2nd layer", "ß", "α"]
    classes = [LabelClass(id=number, name=name, color="#000000") for number, name in enumerate(names, 1)]
    found = channel_names(classes)
    assert found == ["bone", "bone_2", "class_2nd_layer", "class_4", "class_5"]
    assert all(a != b for a, b in pairwise(found))


def export(infer, form: str, which: str = "1", **query: str) -> bytes:
    return infer.request("GET", f"/models/rocks/versions/{which}/export", params={"format": form} | query, timeout_s=120).content


@pytest.fixture
def elsewhere(tmp_path, run_dir):
    """Registry and infer service of another, empty workspace."""
    workspace, sockets = Workspace(tmp_path / "elsewhere"), run_dir / "e"
    workspace.prepare()
    registry = create_registry(RegistrySettings(workspace=workspace.root, run_dir=sockets))
    service = create_app(InferSettings(workspace=workspace.root, run_dir=sockets))
    with serving(registry, socket_path(sockets, "registry")) as there, serving(service, socket_path(sockets, "infer")) as infer:
        yield workspace, there, infer


def test_a_bioimageio_package_predicts_the_same_voxels_in_an_empty_workspace(
    infer, publish, workspace, make_volume, elsewhere, infer_settings
):
    other, registry, there = elsewhere
    image = voxels((5, 40, 50))
    make_volume("rock", array=image)
    import_volume(other, ArraySource(image), name="rock", origin="test")
    publish(in_channels=3, planes="zyx")
    package = export(infer, "bioimageio", license="CC-BY-4.0")
    check_package(package)
    assert list(infer_settings.export_folder.iterdir()) == []
    imported = registry.request("POST", "/imports", content=package).json()
    assert imported["manifest"]["settings"]["origin"]["format"] == "bioimage.io"
    found = []
    for service, place in ((infer, workspace), (there, other)):
        done = ended(service, service.post("/jobs", {"volume": "rock", "model": "rocks"}))
        assert done["state"] == "succeeded", done["error"]
        found.append(open_prediction(place, "rock", done["id"])[1])
    for layer in ("class", "confidence", "uncertainty"):
        assert np.array_equal(*(np.asarray(group[f"{layer}/0"]) for group in found))
    assert len(np.unique(np.asarray(found[0]["class/0"]))) > 1


def check_package(package: bytes) -> None:
    """It holds what it says, and test tensors that fit each other."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = {RESOURCE, README, DESCRIPTION, WEIGHTS, NETWORK, TEST_INPUT, TEST_OUTPUT}
        assert set(archive.namelist()) == names
        resource = json.loads(archive.read(RESOURCE))
        image, answer = (np.load(io.BytesIO(archive.read(name)), allow_pickle=False) for name in (TEST_INPUT, TEST_OUTPUT))
    assert (resource["license"], resource["name"]) == ("CC-BY-4.0", "rocks 1 (voxloop)")
    assert image.std() > 10
    assert np.allclose(answer.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("which", "query", "error", "said"),
    [
        ("7", {}, ModelNotFound, "7"),
        ("nobody", {}, ModelNotFound, "nobody"),
        ("1", {"form": "exe"}, InvalidInput, "format"),
        ("1", {"license": "CC BY; rm"}, InvalidInput, "SPDX"),
    ],
)
def test_refuses_at_once_what_cannot_be_exported(infer, publish, which, query, error, said):
    publish()
    options = {"form": "bioimageio"} | query
    with pytest.raises(error, match=said):
        export(infer, options.pop("form"), which, **options)


def test_a_child_that_dies_is_an_error_and_leaves_nothing(infer, publish, infer_settings, monkeypatch):
    publish()
    monkeypatch.setattr(exporter_module, "_PATIENCE_S", 0.05)
    with pytest.raises(ServiceUnavailable, match="ended with"):
        export(infer, "onnx")
    assert list(infer_settings.export_folder.iterdir()) == []
