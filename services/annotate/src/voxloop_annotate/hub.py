"""What happens, told to every open page: server-sent events, fed from any thread."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

_BACKLOG = 256

Message = tuple[str, str]


class Hub:
    """Open pages by volume; a page that does not read fast enough loses its oldest messages."""

    def __init__(self) -> None:
        self._pages: dict[asyncio.Queue[Message], str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Remember the event loop; call it on the loop."""
        self._loop = asyncio.get_running_loop()

    @property
    def watched(self) -> set[str]:
        """Give the volumes that somebody has open."""
        return set(self._pages.values())

    def publish(self, volume: str | None, event: str, data: Any) -> None:
        """Tell the pages of a volume (of all volumes: None); callable from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, volume, (event, json.dumps(data)))

    async def listen(self, volume: str) -> AsyncIterator[Message]:
        """Yield messages for one page until it goes."""
        queue: asyncio.Queue[Message] = asyncio.Queue(_BACKLOG)
        self._pages[queue] = volume
        try:
            while True:
                yield await queue.get()
        finally:
            del self._pages[queue]

    def _deliver(self, volume: str | None, message: Message) -> None:
        for queue, watched in self._pages.items():
            if volume in (None, watched):
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(message)
