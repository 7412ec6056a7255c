"""Graphs as ONNX files, which many programs can run and in which nothing else can."""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from voxloop_infer.exchange.graphs import Graph

if TYPE_CHECKING:
    import onnx_ir as ir

OPSET = 18
INPUT, OUTPUT = "voxels", "probabilities"


def write_onnx(graph: Graph, path: Path, notes: Mapping[str, str]) -> None:
    """Write a graph with its weights into one file; `notes` are kept in it as metadata."""
    image = torch.zeros(graph.shape)
    with _alone(), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch and onnxscript say of each other
        graph.network(image)  # what is computed once and kept must be plain numbers, not parts of the graph
        program = torch.onnx.export(
            graph.network, (image,), dynamo=True, opset_version=OPSET, dynamic_shapes=_dynamic(graph),
            input_names=[INPUT], output_names=[OUTPUT], verbose=False, optimize=False,
        )  # fmt: skip
    assert program is not None
    _simplify(program.model)
    program.model.metadata_props.update(notes)
    program.save(path, external_data=False)


def _simplify(model: "ir.Model") -> None:
    """Compute what is constant and take out what nothing needs.

    The exporter's own optimization looks for patterns, too, as every runtime does when it loads a file: for a network on features, with
    thousands of nodes, that took a minute.
    """
    from onnxscript import optimizer

    optimizer.fold_constants(model)
    optimizer.remove_unused_nodes(model)


def _dynamic(graph: Graph) -> tuple[dict[int, object]] | None:
    """Say which lengths may be others: with a stride the number of images, and rows and columns in multiples of it."""
    if graph.stride is None:
        return None
    rows, columns = (graph.stride * torch.export.Dim(f"_{name}", min=2, max=1 << 20) for name in ("rows", "columns"))
    return ({0: torch.export.Dim("images", min=1, max=1 << 16), 2: rows, 3: columns},)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep to one core: what is computed in other threads would not be seen while the graph is taken down."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
