"""The process of one job: `python -m voxloop_infer.worker FOLDER`; `--standby` gets ready and forks for each job."""

import os
from collections.abc import Callable
from typing import Any

from voxloop_infer.postprocessing.job import predict_and_chain, run_postprocessing
from voxloop_infer.review.job import run_review
from voxloop_infer.settings import InferSettings
from voxloop_shared.exits import exit_process
from voxloop_shared.jobs.worker import JobContext, run_worker
from voxloop_shared.logs import configure_logging
from voxloop_shared.nets.hardware import let_idle_threads_sleep

_NICE = 5
"""Previews and training go before: somebody waits for them."""

Work = Callable[[JobContext, InferSettings], dict[str, Any]]


def _predict(context: JobContext, settings: InferSettings) -> dict[str, Any]:
    from voxloop_infer.prediction import predict_volume  # torch takes seconds to load: the job has been told to start before

    return predict_and_chain(context, settings, predict_volume)


WORKS: dict[str, Work] = {"predict": _predict, "postprocess": run_postprocessing, "review": run_review}
"""What is done per kind of job."""


def work(context: JobContext) -> dict[str, Any]:
    """Do what the job's kind and order say."""
    context.report("starting", 0.0)
    let_idle_threads_sleep()
    return WORKS[context.kind](context, InferSettings())


def get_ready() -> None:
    """Load what takes long, before there is a job."""
    let_idle_threads_sleep()
    import voxloop_infer.prediction  # noqa: F401
    from voxloop_shared.nets.devices import choose_early

    choose_early()


if __name__ == "__main__":
    configure_logging("infer", "INFO")
    os.nice(_NICE)
    exit_process(run_worker(work, get_ready))
