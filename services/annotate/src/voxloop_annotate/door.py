"""The door: loopback TCP for a browser on the same machine, shut to everyone without the token.

What comes through a Unix socket has been named by the kernel already and passes. What comes by TCP must show the token
once, in the URL that `voxloop up` prints, and gets a cookie for it.
"""

import hashlib
import secrets
import socket
from collections.abc import Iterable
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voxloop_shared.errors import Forbidden, Unauthorized, VoxloopError
from voxloop_shared.server import PEER, error_response
from voxloop_shared.sockets import listen_on_loopback

_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def open_door(port: int, descriptor: int | None = None) -> socket.socket:
    """Listen on the loopback interface only, or take over a socket that does; raises OSError when the port is taken."""
    listener = listen_on_loopback(port) if descriptor is None else socket.socket(fileno=descriptor)
    # connections inherit it: an answer's body would wait up to 40 ms for the browser to acknowledge its head
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class Door:
    """ASGI middleware that lets a TCP request in only with the right host, origin, and token or cookie."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._cookie_name = f"voxloop-{port}"  # cookies ignore ports: two stacks must not take each other's
        self._cookie = hashlib.sha256(f"voxloop cookie {token}".encode()).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _came_by_tcp(scope):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            _check_names(headers)
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            if self._is_token(query.pop("token", None)):
                await self._exchange(scope, query)(scope, receive, send)
                return
            self._check_cookie(headers)
        except VoxloopError as error:
            await error_response(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_token(self, shown: str | None) -> bool:
        return shown is not None and secrets.compare_digest(shown.encode(), self._token.encode())

    def _check_cookie(self, headers: Headers) -> None:
        cookies = SimpleCookie(headers.get("cookie", ""))
        shown = cookies[self._cookie_name].value if self._cookie_name in cookies else ""
        if not secrets.compare_digest(shown.encode(), self._cookie.encode()):
            raise Unauthorized("open voxloop with the link that `voxloop up` printed, or ask `voxloop status` for it")

    def _exchange(self, scope: Scope, query: dict[str, str]) -> RedirectResponse:
        """Answer the token with a cookie and the same address without it, so that it stays in no history."""
        target = scope["path"] + (f"?{urlencode(query)}" if query else "")
        answer = RedirectResponse("/" + target.lstrip("/"), status_code=303)
        answer.set_cookie(self._cookie_name, self._cookie, httponly=True, samesite="lax", path="/")
        return answer


class SecurityHeaders:
    """ASGI middleware that tells the browser to load nothing from elsewhere and to give nothing away."""

    def __init__(self, app: ASGIApp, script_hashes: Iterable[str]) -> None:
        self._app = app
        self._policy = "; ".join(
            (
                "default-src 'self'",
                f"script-src 'self' {' '.join(script_hashes)}",
                "style-src 'self' 'unsafe-inline'",  # Dash and React set styles on elements
                "img-src 'self' data: blob:",
                "connect-src 'self'",
                "object-src 'none'",
                "base-uri 'self'",
                "frame-ancestors 'self'",
                "form-action 'self'",
            )
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def _came_by_tcp(scope: Scope) -> bool:
    return scope.get(PEER, "in process") is None


def _check_names(headers: Headers) -> None:
    """Refuse names that are not this machine's (DNS rebinding) and pages of other sites."""
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in _LOCAL_NAMES:
        raise Forbidden(f"host {host!r} is not this machine: use the link that `voxloop up` printed")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        raise Forbidden(f"a page of {origin!r} may not use this workspace")
