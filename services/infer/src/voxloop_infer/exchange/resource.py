"""The description of a model in the format of the BioImage Model Zoo (bioimage.io model description 0.5)."""

from dataclasses import dataclass
from typing import Any

from voxloop_infer.exchange.graphs import Graph
from voxloop_infer.exchange.onnxfiles import INPUT, OPSET, OUTPUT
from voxloop_shared.exchange import DESCRIPTION, README, WEIGHTS, PackedModel
from voxloop_shared.nets.inputs import rounded_up
from voxloop_shared.schemas import LabelClass, Manifest

RESOURCE = "rdf.yaml"
"""The name under which programs look for the description in a package."""
NETWORK, TEST_INPUT, TEST_OUTPUT = "model.onnx", "test_input.npy", "test_output.npy"
FORMAT_VERSION = "0.5.3"
_UNITS = {"nm": "nanometer", "um": "micrometer", "µm": "micrometer", "mm": "millimeter", "cm": "centimeter", "m": "meter"}
_CITATION = [
    {
        "text": "Ronneberger, O., Fischer, P., Brox, T.: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015",
        "doi": "10.1007/978-3-319-24574-4_28",
    }
]
_LONGEST_DESCRIPTION = 500

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """All that a description is made of; `digests` are the sha256 of the package's other files, by name."""

    packed: PackedModel
    manifest: Manifest
    graph: Graph
    digests: dict[str, str]
    license_id: str | None

    def describe(self) -> Json:
        """Give the description."""
        packed = self.packed
        found = {
            "type": "model",
            "format_version": FORMAT_VERSION,
            "name": f"{packed.name} {packed.version} (voxloop)",
            "description": self._description()[:_LONGEST_DESCRIPTION],
            "authors": [{"name": packed.manifest["author"].replace("/", " ")}],
            "cite": _CITATION if self.graph.stride else [],
            "documentation": README,
            "tags": ["segmentation", "semantic-segmentation", "3d", "voxloop", self.manifest.learner, *packed.tags],
            "timestamp": packed.created.isoformat(),
            "inputs": [self._input()],
            "outputs": [self._output()],
            "weights": {"onnx": self._file(NETWORK) | {"opset_version": OPSET}},
            "attachments": [self._file(name) for name in (DESCRIPTION, WEIGHTS)],
            "config": {"voxloop": {"name": packed.name, "version": packed.version, "digest": packed.digest}},
        }
        return found | ({"license": self.license_id} if self.license_id else {})

    def _description(self) -> str:
        names = ", ".join(entry.name for entry in self.manifest.classes)
        return self.packed.description or f"Tells {names} apart in 3D images; learned from strokes on {self.manifest.volume} with voxloop."

    def _input(self) -> Json:
        return {
            "id": INPUT,
            "description": "Voxels as they are stored: the network normalises them itself.",
            "axes": [{"type": "batch"} | ({} if self.graph.stride else {"size": 1}), self._channels(), *self._space()],
            "test_tensor": self._file(TEST_INPUT),
            "data": {"type": "float32"},
        }

    def _output(self) -> Json:
        space = [
            {key: value for key, value in axis.items() if key != "size"}
            | {"size": {"tensor_id": INPUT, "axis_id": axis["id"]}, "halo": self.graph.halo}
            for axis in self._space()
        ]
        classes = {"type": "channel", "channel_names": channel_names(self.manifest.classes)}
        return {
            "id": OUTPUT,
            "description": "Probability of each class; they sum to 1.",
            "axes": [{"type": "batch"} | ({} if self.graph.stride else {"size": 1}), classes, *space],
            "test_tensor": self._file(TEST_OUTPUT),
            "data": {"type": "float32", "range": [0, 1]},
        }

    def _channels(self) -> Json:
        """Name the slices that are seen at once, the one that is told in the middle."""
        context = self.graph.shape[1] // 2
        names = [*(f"slice_before_{n}" for n in range(context, 0, -1)), "slice", *(f"slice_after_{n}" for n in range(1, context + 1))]
        return {"type": "channel", "channel_names": names}

    def _space(self) -> list[Json]:
        """Describe the axes in space, with the size of the voxels that the model learned from."""
        sizes = dict(zip("zyx", self.manifest.voxel_size, strict=True))
        unit = {"unit": _UNITS[self.manifest.unit]} if self.manifest.unit in _UNITS else {}
        return [
            {"type": "space", "id": axis, "scale": sizes[axis], "size": self._length(length)} | unit
            for axis, length in zip(self.graph.axes[2:], self.graph.shape[2:], strict=True)
        ]

    def _length(self, length: int) -> int | Json:
        if self.graph.stride is None:
            return length
        return {"min": rounded_up(2 * self.graph.halo + self.graph.stride, self.graph.stride), "step": self.graph.stride}

    def _file(self, name: str) -> Json:
        return {"source": name, "sha256": self.digests[name]}


def channel_names(classes: list[LabelClass]) -> list[str]:
    """Turn the names of classes into identifiers, each another."""
    found: list[str] = []
    for entry in classes:
        name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in entry.name.lower()).strip("_")
        name = name if name[:1].isalpha() else f"class_{name or entry.id}"
        found.append(name if name not in found else f"{name}_{entry.id}")
    return found
