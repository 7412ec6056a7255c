"""`python -m voxloop_compose.jupyter SOCKET`: what jupyter-server-proxy runs for the launcher's icon."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from voxloop_compose.jupyter.front import Front
from voxloop_compose.jupyter.ondemand import OnDemandStack
from voxloop_shared.logs import configure_logging
from voxloop_shared.sockets import bind_socket

_LOOK_S = 0.5


def main() -> None:
    """Serve until a signal comes or Jupyter is gone, then end the stack that was started for it."""
    configure_logging("voxloop", "WARNING")
    named = os.environ.get("VOXLOOP_WORKSPACE")
    with contextlib.closing(OnDemandStack(Path(named) if named else None)) as stack, contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serve(Path(sys.argv[1]), stack))


async def _serve(socket_file: Path, stack: OnDemandStack) -> None:
    serving = asyncio.ensure_future(Front(stack).serve(bind_socket(socket_file)))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    leaving = asyncio.ensure_future(_cancel_with_parent(serving))
    try:
        await serving
    finally:
        leaving.cancel()
        socket_file.unlink(missing_ok=True)


async def _cancel_with_parent(serving: asyncio.Future[None]) -> None:
    """Jupyter tells its children nothing when it is killed: then they have another parent."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(_LOOK_S)
    serving.cancel()


if __name__ == "__main__":
    main()
