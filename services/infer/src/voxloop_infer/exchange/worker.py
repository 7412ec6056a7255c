"""The process of one export: `python -m voxloop_infer.exchange.worker FOLDER`."""

import os
from typing import Any

from voxloop_infer.exchange.orders import ENDINGS, ExportOrder
from voxloop_infer.settings import InferSettings
from voxloop_shared.exchange import pack_model
from voxloop_shared.exits import exit_process
from voxloop_shared.jobs.worker import JobContext, run_worker
from voxloop_shared.logs import configure_logging
from voxloop_shared.nets.hardware import let_idle_threads_sleep

_NICE = 5
"""Previews and training go before: somebody waits for them."""


def work(context: JobContext) -> dict[str, Any]:
    """Write the file that an order asks for; the result names it."""
    let_idle_threads_sleep()
    from voxloop_infer.exchange.graphs import graph_of  # torch takes seconds to load
    from voxloop_infer.exchange.onnxfiles import write_onnx
    from voxloop_infer.exchange.package import PackageOrder, write_package
    from voxloop_shared.nets.store import WeightStore
    from voxloop_shared.nets.weights import read_weights

    settings, order = InferSettings(), ExportOrder.model_validate(context.spec)
    model = order.model
    weights = WeightStore(settings.model_folder, settings.socket_of("registry")).fetch(model)
    graph = graph_of(model.manifest, read_weights(weights))
    packed = pack_model(model, model.manifest.model_dump(mode="json"), "bioimage.io", order.parent_digest)
    file = context.folder.path / f"export{ENDINGS[order.form]}"
    if order.form == "onnx":
        write_onnx(graph, file, {"voxloop": packed.model_dump_json()})
    else:
        scratch = context.folder.path / "scratch"
        scratch.mkdir()
        write_package(PackageOrder(packed, model.manifest, graph, weights, order.license_id), file, scratch)
    return {"file": file.name, "size": file.stat().st_size}


if __name__ == "__main__":
    configure_logging("infer", "INFO")
    os.nice(_NICE)
    exit_process(run_worker(work))
