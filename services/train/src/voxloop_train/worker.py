"""The process of one training job: `python -m voxloop_train.worker FOLDER`; `--standby` gets ready and forks for each job."""

from typing import Any

from voxloop_shared.exits import exit_process
from voxloop_shared.jobs.worker import JobContext, run_worker
from voxloop_shared.logs import configure_logging
from voxloop_shared.nets.hardware import let_idle_threads_sleep
from voxloop_train.settings import TrainSettings


def work(context: JobContext) -> dict[str, Any]:
    """Train as the job's order says and publish the model."""
    context.report("starting", 0.0)
    let_idle_threads_sleep()
    # torch takes seconds to load: the line above must be out before
    from voxloop_train.training import train_and_publish

    return train_and_publish(context, TrainSettings())


def get_ready() -> None:
    """Load what takes long, before there is a job: five seconds that nobody waits for."""
    let_idle_threads_sleep()
    import torch._dynamo  # noqa: F401 - torch's optimizers load it late

    import voxloop_train.fitting
    import voxloop_train.instant_fitting
    import voxloop_train.training  # noqa: F401
    from voxloop_shared.nets.devices import choose_early

    choose_early()


if __name__ == "__main__":
    configure_logging("train", "INFO")
    exit_process(run_worker(work, get_ready))
