"""A service with jobs, for tests that kill it: `python -m tests.shared.jobservice SOCKET FOLDER`."""

import os
import sys
from pathlib import Path

from voxloop_shared.jobs.queue import JobQueue
from voxloop_shared.jobs.routes import job_router
from voxloop_shared.jobs.runner import ProcessRunner
from voxloop_shared.server import create_api, serve

if __name__ == "__main__":
    queue = JobQueue(Path(sys.argv[2]), "train", ProcessRunner("tests.shared.jobwork"))
    queue.start()
    api = create_api("jobs", "1")
    api.include_router(job_router(queue))

    @api.post("/submit")
    def submit(spec: dict):
        return queue.submit(kind="test", title="a test", volume="rock", spec=spec, author="ada")

    serve(api, Path(sys.argv[1]), {os.getuid()})
