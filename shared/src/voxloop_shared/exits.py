"""The end of a process in which native threads go on running."""

import atexit
import os
import sys
import threading
import warnings
from typing import NoReturn


def exit_process(code: int) -> NoReturn:
    """End this process as sys.exit would, but without tearing the interpreter down; call it when all work is done and closed.

    Icechunk answers from threads of its own, some of which may still be on their way into Python. Up to Python 3.13 an interpreter
    that is being torn down ends such a thread by pthread_exit, on which Rust panics or aborts the whole process (cpython #87135,
    PyO3 #4874, #6084): the exit code of a command or job that had done its work was that of SIGABRT.
    """
    _silence_threads()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or os.EX_IOERR
    os._exit(code)


def _silence_threads() -> None:
    """Keep threads from saying that they were left alone: that is what is meant to happen to them."""
    warnings.simplefilter("ignore")
    threading.excepthook = lambda _arguments: None
    sys.excepthook = lambda *_error: None  # through it icechunk's threads say that they found the event loop closed
    sys.unraisablehook = lambda _unraisable: None
