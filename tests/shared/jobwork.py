"""A job for the tests: it does what its spec says. Run by the queue as `python -m tests.shared.jobwork FOLDER`."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

from voxloop_shared.errors import TooFewLabels
from voxloop_shared.exits import exit_process
from voxloop_shared.jobs.worker import JobContext, run_worker


def work(context: JobContext) -> dict[str, Any]:
    match context.spec["do"]:
        case "succeed":
            print("to stdout")
            print("to stderr", file=sys.stderr)
            context.report("half", progress=0.5, eta_s=1.0, loss=0.25)
            return {"by": context.author, "job": context.job_id}
        case "report":
            for n in range(context.spec["lines"]):
                context.report(f"step {n}", progress=n / context.spec["lines"], n=n, loss=float("nan") if n % 2 else 1.5)
            return {}
        case "refuse":
            raise TooFewLabels("paint two classes first", {"classes": 1})
        case "crash":
            raise ZeroDivisionError("oops")
        case "exit":
            sys.exit(context.spec["code"])
        case "kill":
            os.kill(os.getpid(), context.spec["signal"])
        case "checkpoint":
            context.checkpoint.mkdir(exist_ok=True)
            marker = context.checkpoint / "marker"
            if marker.exists():
                return {"resumed": True}
            marker.touch()
            context.report("waiting", pid=os.getpid())
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            context.report("waiting", pid=os.getpid(), child=child.pid)
        case "environment":
            return {context.spec["name"]: os.environ[context.spec["name"]]}
        case "linger":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
            context.report("waiting", pid=os.getpid())
            signal.sigwait({signal.SIGUSR1})
            return {"lingered": True}
        case "wait":
            context.report("waiting", pid=os.getpid())
    time.sleep(600)  # the job that is cancelled, killed or left behind: nobody waits this long
    return {}


if __name__ == "__main__":
    exit_process(run_worker(work))
