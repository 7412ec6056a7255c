"""Runs a service's module in this process and ends it when the supervisor is gone.

`python -m voxloop_compose.watched [--grace=SECONDS] MODULE`: the supervisor holds the other end of our standard input. However it dies,
the kernel closes that end. (PR_SET_PDEATHSIG would fire when the supervisor's *thread* that forked us ends, and setting
it between fork and exec is unsafe in a process with threads.)
"""

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_S = 6.0
_GRACE = "--grace="


def main() -> None:
    """Watch, and become the module named on the command line."""
    module = sys.argv.pop(1)
    grace_s = _GRACE_S
    if module.startswith(_GRACE):
        grace_s, module = float(module.removeprefix(_GRACE)), sys.argv.pop(1)
    threading.Thread(target=_watch, args=(grace_s,), daemon=True, name="supervisor-watch").start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch(grace_s: float) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_s)
    os._exit(os.EX_TEMPFAIL)


if __name__ == "__main__":
    main()
