"""The HTTP side of every service: FastAPI behind a Unix socket, the kernel naming each caller."""

import contextlib
import gc
import logging
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from voxloop_shared import behalf, errors, identity
from voxloop_shared.identity import Caller
from voxloop_shared.sockets import bind_socket

log = logging.getLogger(__name__)

PEER = "voxloop.peer"
"""Scope key of the Caller at the other end; None on a connection that is not a Unix socket."""


def caller(request: Request) -> Caller:
    """Name who calls: the socket's peer, or this process itself where no socket is between (door, tests).

    One of our own processes may say for whom it works; nobody else is believed.
    """
    peer = request.scope.get(PEER) or identity.this_process()
    named = request.headers.get(behalf.HEADER)
    return replace(peer, user=behalf.read_header(named)) if named and peer.uid == os.getuid() else peer


CallerDep = Annotated[Caller, Depends(caller)]


MOST_BODY_BYTES = 32 * 2**20
"""What a route takes unless it is declared with a `max_body_size` of its own, as those are that stream their body to disk."""


class _Api(FastAPI):
    """An application whose framework's own answer to a body that is too large has the one error form, too."""

    @override
    def build_middleware_stack(self) -> ASGIApp:
        return _refuse_in_our_form(super().build_middleware_stack())


def create_api(title: str, version: str, **options: Any) -> FastAPI:
    """Make an application that answers every failure in the one error form."""
    api = _Api(title=title, version=version, max_body_size=MOST_BODY_BYTES, **options)
    add_error_handlers(api)
    return api


def add_error_handlers(api: FastAPI) -> None:
    """Translate every exception that leaves a route."""
    api.add_exception_handler(errors.VoxloopError, _answer_error)
    api.add_exception_handler(OSError, _answer_os_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    api.add_exception_handler(HTTPException, _answer_http)
    api.add_exception_handler(Exception, _answer_unexpected)


def error_response(error: errors.VoxloopError) -> JSONResponse:
    """Give an error its status and form."""
    return JSONResponse(error.to_json(), status_code=error.status)


def _answer_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.VoxloopError)
    if error.status >= 500:
        log.error("%s: %s", type(error).__name__, error.message)
    return error_response(error)


def _answer_os_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OSError)
    log.error("operating system error", exc_info=error)
    return error_response(errors.from_os_error(error))


def _answer_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = [{"where": _printable(".".join(map(str, e["loc"]))), "what": _printable(e["msg"])} for e in error.errors()]
    said = "; ".join(f"{w['where']}: {w['what']}" for w in wrong[:3])
    return error_response(errors.InvalidInput(f"the request is not valid: {said}", wrong))


def _printable(text: str) -> str:
    """Write halves of characters, which JSON can hold and UTF-8 cannot, by their numbers."""
    return text.encode(errors="backslashreplace").decode()


def _answer_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == errors.TooLarge.status:
        return error_response(_too_large(request.scope))
    return error_response_with_status(errors.from_json({"error": {"message": str(error.detail)}}, error.status_code), error.status_code)


def _refuse_in_our_form(app: ASGIApp) -> ASGIApp:
    """Replace what the framework says to an announced body that is too large: plain text, sent past all handlers of errors."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        is_replaced = False

        async def send_in_our_form(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and message["status"] == errors.TooLarge.status:
                is_replaced = Headers(raw=message["headers"]).get("content-type") != "application/json"
                if is_replaced:
                    await error_response(_too_large(scope))(scope, receive, send)
            if not is_replaced:
                await send(message)

        await app(scope, receive, send_in_our_form)

    return answering


def _too_large(scope: Scope) -> errors.TooLarge:
    most = scope.get(MAX_BODY_SIZE_SCOPE_KEY, MOST_BODY_BYTES)
    return errors.TooLarge(f"the body is larger than the {most / 2**20:g} MiB that are taken here: send less at once")


def error_response_with_status(error: errors.VoxloopError, status: int) -> JSONResponse:
    """Give an error the status that the framework chose."""
    return JSONResponse(error.to_json(), status_code=status)


def _answer_unexpected(_request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error", exc_info=error)
    return error_response(errors.VoxloopError(f"unexpected {type(error).__name__}: see the service's log"))


@dataclass(frozen=True)
class Admission:
    """Whom a service answers: these users, and members of a unix group."""

    uids: frozenset[int] = field(default_factory=lambda: frozenset({os.getuid()}))
    gid: int | None = None
    introduced: Path | None = None
    """A socket on which one of these users introduces others: each connection begins with a line made by `identity.introduce`."""
    nameless: Path | None = None
    """A socket on which one of these users forwards what came by TCP: as with TCP, nobody is named."""

    def admits(self, peer: Caller, connection: socket.socket) -> bool:
        """Say whether a caller is answered."""
        return peer.uid in self.uids or (self.gid is not None and self.gid in identity.groups_of_peer(connection))


class _PeerProtocol(H11Protocol):
    """HTTP/1.1 in which each request's scope says who is at the other end of the socket."""

    admission = Admission()
    _awaited: bytearray | None = None

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        peer = identity.peer_of(connection)
        if peer is not None and not self.admission.admits(peer, connection):
            log.warning("refused %s (uid %d, pid %d)", peer.user, peer.uid, peer.pid)
            self.app = _refuse(peer)
        elif _is_socket(connection, self.admission.introduced):
            self._awaited = bytearray()
        else:
            self.app = _with_peer(self.app, None if _is_socket(connection, self.admission.nameless) else peer)

    @override
    def data_received(self, data: bytes) -> None:
        if self._awaited is None:
            super().data_received(data)
            return
        self._awaited += data
        line, end, rest = self._awaited.partition(b"\n")
        if end or len(line) > identity.LONGEST_INTRODUCTION:
            self._awaited = None
            self._hear(bytes(line), bytes(rest))

    def _hear(self, line: bytes, rest: bytes) -> None:
        """Take the word of who forwards the connection for who is at its far end."""
        found = identity.introduced(line)
        if found is None:
            log.error("closed a connection that began with no introduction")
            self.transport.close()
            return
        peer, is_admitted = found
        self.app = _with_peer(self.app, peer) if is_admitted else _refuse(peer)
        if rest:
            super().data_received(rest)


def _is_socket(connection: socket.socket, path: Path | None) -> bool:
    return path is not None and connection.getsockname() == str(path)


def _with_peer(app: Any, peer: Caller | None) -> Any:
    async def peered(scope: Any, receive: Any, send: Any) -> None:
        scope[PEER] = peer
        await app(scope, receive, send)

    return peered


def _refuse(peer: Caller) -> ASGIApp:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        error = errors.Forbidden(f"user {peer.user} (uid {peer.uid}) may not use this service")
        await error_response(error)(scope, receive, send)

    return refusing


def peer_protocol(allowed: Iterable[int] | Admission) -> type[H11Protocol]:
    """Make the protocol class that answers these users (an Admission: members of its group, too) and gives all others 403."""
    admission = allowed if isinstance(allowed, Admission) else Admission(frozenset(allowed))
    return type("PeerProtocol", (_PeerProtocol,), {"admission": admission})


class _Server(uvicorn.Server):
    """A server that takes its socket file away before it ends by a signal."""

    def __init__(self, config: uvicorn.Config, socket_file: Path) -> None:
        super().__init__(config)
        self._socket_file = socket_file

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._socket_file.unlink(missing_ok=True)
        await super().shutdown(sockets)


def serve(app: ASGIApp, socket_file: Path, allowed: Iterable[int] | Admission, extra: Sequence[socket.socket] = ()) -> None:
    """Serve an application on a private Unix socket (and further bound sockets) until a signal ends it."""
    listener = bind_socket(socket_file)
    config = uvicorn.Config(
        app,
        http=peer_protocol(allowed),
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,  # open event streams would keep the server for ever
        timeout_keep_alive=75,
    )
    log.info("listening on %s", socket_file)
    gc.freeze()  # a collection that looks at all that was imported holds every request for 50 ms
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, socket_file).run(sockets=[listener, *extra])
