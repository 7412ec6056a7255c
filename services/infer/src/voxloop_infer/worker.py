"""The process of one prediction job: `python -m voxloop_infer.worker FOLDER`."""

import sys
from typing import Any

from voxloop_infer.settings import InferSettings
from voxloop_shared.jobs.worker import JobContext, run_worker
from voxloop_shared.logs import configure_logging
from voxloop_shared.nets.hardware import let_idle_threads_sleep


def work(context: JobContext) -> dict[str, Any]:
    """Predict as the job's order says."""
    context.report("starting", 0.0)
    let_idle_threads_sleep()
    # torch takes seconds to load: the line above must be out before
    from voxloop_infer.prediction import predict_volume

    return predict_volume(context, InferSettings())


if __name__ == "__main__":
    configure_logging("infer", "INFO")
    sys.exit(run_worker(work))
