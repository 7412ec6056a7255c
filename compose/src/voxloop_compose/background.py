"""`voxloop up --detach`: the same in a process of its own, which outlives the terminal."""

import subprocess
import sys
from pathlib import Path

from voxloop_compose import console
from voxloop_compose.foreground import say_share, say_where
from voxloop_compose.kernel import wait_until
from voxloop_compose.record import StackRecord, read_record
from voxloop_compose.rundir import make_run_dir
from voxloop_compose.stack_order import StackOrder
from voxloop_shared.errors import VoxloopError

_START_TIMEOUT_S = 90.0


def start_detached(order: StackOrder) -> None:
    """Start a stack in the background and return when it is healthy; raises VoxloopError with what it said."""
    run_dir = make_run_dir(order.workspace)
    log = run_dir / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "voxloop_compose", "up", *order.arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    with console.progress("starting the services"):
        wait_until(lambda: process.poll() is not None or own_record(run_dir, process.pid) is not None, _START_TIMEOUT_S)
    record = own_record(run_dir, process.pid)
    if record is None:
        process.terminate()
        raise VoxloopError(last_error(log))
    say_where(run_dir, record.url)
    say_share(record)
    console.remark(f"workspace {order.workspace}; `voxloop down` stops the stack; its log is {log}")


def own_record(run_dir: Path, pid: int) -> StackRecord | None:
    """Give the record of the stack that a process keeps, once that is ready."""
    record = read_record(run_dir)
    return record if record is not None and record.pid == pid and record.is_ready else None


def last_error(log: Path) -> str:
    """Give what `voxloop up` said at its end."""
    lines = log.read_text(errors="replace").strip().splitlines()
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return said[-1] if said else f"the stack did not start: see {log}"
