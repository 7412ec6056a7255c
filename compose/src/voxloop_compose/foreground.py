"""`voxloop up`: start the stack, say where it is, keep it until a signal comes."""

import os
import socket
from pathlib import Path

from voxloop_compose import console
from voxloop_compose.demo.nerve import add_demo_volume, register_demo_volume
from voxloop_compose.door import Door, make_door
from voxloop_compose.keeper import Phase, ServiceState
from voxloop_compose.record import StackRecord
from voxloop_compose.share import UMASK, shared_run_dir
from voxloop_compose.signals import StopSignal
from voxloop_compose.stack import Stack
from voxloop_compose.stack_order import StackOrder
from voxloop_shared.settings import socket_path

_READY = "ready"
"""The line's first word by which people and scripts see that the stack may be used."""


def run_stack(order: StackOrder) -> None:
    """Run a stack in the foreground until SIGINT, SIGTERM or SIGHUP."""

    def door() -> Door | None:
        return make_door(order.port) if order.has_door else None

    if order.share_with is not None:
        os.umask(UMASK)
    with StopSignal() as stop, Stack(order.workspace, door, _Announcer(), order.share_with, order.runtime) as stack:
        if order.has_demo:
            add_demo_volume(stack.workspace)  # while the services start
        with console.progress("starting the services"):
            is_up = stack.wait_healthy(stop.is_set)
        if is_up:
            if order.has_demo:
                register_demo_volume(stack.run_dir)
            stack.announce()
            say_where(stack.run_dir, stack.door.url if stack.door else None)
            say_share(stack.record)
            console.remark(f"workspace {stack.workspace.root}; Ctrl-C stops the stack")
            stop.wait()
        console.remark("stopping …")
    console.remark("stopped")


def say_where(run_dir: Path, url: str | None) -> None:
    """Print the ways in: the URL on a line of its own, and the ssh line for those who sit elsewhere."""
    file = socket_path(run_dir, "annotate")
    if url:
        console.say(url)
    console.say(f"from another machine: ssh -L 8050:{file} {socket.gethostname()}  and open http://localhost:8050/")


def say_share(record: StackRecord) -> None:
    """Print the way in for colleagues, where there is one."""
    if record.share:
        file = socket_path(shared_run_dir(record.workspace), "annotate")
        console.say(f"members of {record.share}: ssh -L 8050:{file} {socket.gethostname()}  and open http://localhost:8050/")


class _Announcer:
    """Says what happens to services after their first start; the start itself is shown as progress, its failure as the error."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def __call__(self, state: ServiceState) -> None:
        if state.service in self._known and state.phase is Phase.DEAD:
            console.remark(f"{state.service} {state.reason}: starting it again")
        elif state.service in self._known and state.phase is Phase.HEALTHY:
            console.remark(f"{state.service} is back ({state.label})")
        if state.phase is Phase.HEALTHY:
            self._known.add(state.service)
