"""A model as a bioimage.io package: a network for other programs, tensors to try it with, and what voxloop itself takes in again."""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from voxloop_infer.exchange.graphs import Graph, trial_image
from voxloop_infer.exchange.onnxfiles import write_onnx
from voxloop_infer.exchange.resource import NETWORK, RESOURCE, TEST_INPUT, TEST_OUTPUT, Resource
from voxloop_shared.exchange import DESCRIPTION, README, WEIGHTS, PackedModel, describe_packed
from voxloop_shared.nets.weights import file_digest
from voxloop_shared.schemas import Manifest


@dataclass(frozen=True, slots=True)
class PackageOrder:
    """What is packed: a model, its graph, and its weights as the registry keeps them."""

    packed: PackedModel
    manifest: Manifest
    graph: Graph
    weights: Path
    license_id: str | None = None


def write_package(order: PackageOrder, path: Path, scratch: Path) -> None:
    """Write a package; the network lies in the folder `scratch` meanwhile. Raises InvalidInput where ONNX cannot be written."""
    network = scratch / NETWORK
    write_onnx(order.graph, network, {"voxloop": order.packed.model_dump_json(exclude={"manifest"})})
    texts = _tensors(order) | {
        DESCRIPTION: order.packed.model_dump_json(indent=1).encode(),
        README: describe_packed(order.packed).encode(),
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in texts.items()}
    digests |= {NETWORK: file_digest(network), WEIGHTS: order.packed.digest}
    resource = Resource(order.packed, order.manifest, order.graph, digests, order.license_id)
    # JSON is YAML: whatever reads the one reads the other
    described = json.dumps(resource.describe(), indent=1, ensure_ascii=False).encode()
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {RESOURCE: described, **texts}.items():
            archive.writestr(name, content)
        for name, file in {NETWORK: network, WEIGHTS: order.weights}.items():
            archive.write(file, name, zipfile.ZIP_STORED)  # floating point numbers hardly shrink


def _tensors(order: PackageOrder) -> dict[str, bytes]:
    """Make what others test the package with: voxels, and what the network says of them."""
    image = trial_image(order.graph, order.manifest.normalisation)
    with torch.inference_mode():
        answer = order.graph.network(image)
    return {TEST_INPUT: _npy(image.numpy()), TEST_OUTPUT: _npy(answer.numpy())}


def _npy(array: NDArray[np.float32]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()
