"""The way into a stack without network: bytes carried between a listener on the host and a socket in a socket directory."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

log = logging.getLogger(__name__)

_PIECE = 1 << 18
_PATIENCE_S = 30.0
"""Who knocks while the service is started again waits this long."""
_RETRY_S = 0.05
_PAUSE_S = 1.0

Preface = Callable[[socket.socket], bytes | None]
"""Gives what is said to the service first of a connection that came; None: it is shut without a word."""


def _nothing(_connection: socket.socket) -> bytes | None:
    return b""


class Forwarder:
    """Carries each connection of a listening socket to the socket file `target`, in one thread, until it is closed.

    The listener stays the caller's.
    """

    def __init__(self, listener: socket.socket, target: Path, preface: Preface = _nothing) -> None:
        self._listener = listener.dup()
        self._listener.setblocking(False)
        self._target = target
        self._preface = preface
        self._loop = asyncio.new_event_loop()
        self._open: dict[asyncio.Task[None], socket.socket] = {}
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"forward-{target.name}")

    def start(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Cut all connections and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._watch()
        try:
            self._loop.run_forever()
        finally:
            self._loop.remove_reader(self._listener)
            left = list(self._open)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _watch(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Take a connection; not by `sock_accept`, which may be cancelled with one in its hands."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError as error:  # no descriptors left: others must end first
            log.warning("cannot take a connection: %s", error)
            self._loop.remove_reader(self._listener)
            self._loop.call_later(_PAUSE_S, self._watch)
            return
        connection.setblocking(False)
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._serve(connection))
        self._open[task] = connection
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._open.pop(task).close()  # a task that was cancelled before it began has closed nothing

    async def _serve(self, near: socket.socket) -> None:
        with near, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as far:
            far.setblocking(False)
            try:
                said = self._preface(near)
                if said is None or not await self._reach(far):
                    return
                await self._loop.sock_sendall(far, said)
                async with asyncio.TaskGroup() as both_ways:
                    both_ways.create_task(self._carry(near, far))
                    both_ways.create_task(self._carry(far, near))
            except* OSError as errors:
                log.debug("a forwarded connection ended: %s", errors.exceptions)

    async def _reach(self, far: socket.socket) -> bool:
        deadline = self._loop.time() + _PATIENCE_S
        while self._loop.time() < deadline:
            try:
                await self._loop.sock_connect(far, str(self._target))
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                await asyncio.sleep(_RETRY_S)
            else:
                return True
        return False

    async def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        """Carry bytes one way until the source has no more, and say so to the sink."""
        while piece := await self._loop.sock_recv(source, _PIECE):
            await self._loop.sock_sendall(sink, piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
