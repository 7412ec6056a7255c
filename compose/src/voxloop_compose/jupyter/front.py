"""The front: takes what Jupyter passes on and hands it to the page of the stack, which it starts when somebody opens it.

Jupyter starts a command once and never again once that has ended well; a stack comes and goes. So this stays, and the stack is looked
up for each connection. To the stack it is a process of the user who is logged in: the kernel's names stay right.
"""

import asyncio
import contextlib
import logging
import socket
from pathlib import Path

from voxloop_compose.jupyter.ondemand import OnDemandStack
from voxloop_compose.jupyter.requests import END_OF_HEAD, is_page, refusal
from voxloop_shared.errors import ServiceUnavailable, VoxloopError, from_os_error

log = logging.getLogger(__name__)

_PIECE_BYTES = 1 << 18
_HEAD_BYTES = 1 << 16

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Front:
    """Serves connections until its task is cancelled."""

    def __init__(self, stack: OnDemandStack) -> None:
        self._stack = stack
        self._known: Path | None = None
        self._starting = asyncio.Lock()

    async def serve(self, listener: socket.socket) -> None:
        """Answer on a Unix socket that is bound and listening."""
        server = await asyncio.start_unix_server(self._answer, sock=listener, limit=_HEAD_BYTES)
        async with server:
            await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(END_OF_HEAD)
            try:
                inner = await self._reach(is_opening=is_page(head))
            except VoxloopError as error:
                log.warning("%s", error.message)
                writer.write(refusal(error, as_page=is_page(head)))
                await writer.drain()
                return
            with contextlib.closing(inner[1]):
                inner[1].write(head)
                await _join((reader, writer), inner)

    async def _reach(self, *, is_opening: bool) -> Ends:
        """Connect to the stack's page, which only the opening of a page starts: one left open must not undo `voxloop down`."""
        if self._known is not None:
            with contextlib.suppress(OSError):
                return await asyncio.open_unix_connection(self._known)
        async with self._starting:
            try:
                self._known = await asyncio.to_thread(self._stack.find)
                if self._known is None and is_opening:
                    self._known = await asyncio.to_thread(self._stack.start)
            except OSError as error:
                raise from_os_error(error) from error
        if self._known is None:
            raise ServiceUnavailable("voxloop is not running: reload the page to start it")
        try:
            return await asyncio.open_unix_connection(self._known)
        except OSError as error:
            raise ServiceUnavailable("the annotate service is not there: it is being started again") from error


async def _join(outer: Ends, inner: Ends) -> None:
    """Pass bytes both ways until one side has nothing more to say."""
    ways = {asyncio.ensure_future(_pass(outer[0], inner[1])), asyncio.ensure_future(_pass(inner[0], outer[1]))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
