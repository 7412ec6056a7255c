"""Calls to another service over its Unix socket, raising the same errors that the service raised."""

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx

from voxloop_shared import behalf, errors

_DEFAULT_TIMEOUT_S = 30.0
_CONNECT_TIMEOUT_S = 2.0


_PIECE_BYTES = 1 << 18
"""What a Unix socket takes at once: httpx would send a quarter of it, and each piece costs as much as its bytes."""


class ServiceClient:
    """A keep-alive connection pool to one service; safe to share between threads.

    Every call raises the VoxloopError that the service answered with, ServiceUnavailable when nobody listens and
    ServiceTimeout when no answer came in time.
    """

    def __init__(self, socket_file: Path, timeout_s: float = _DEFAULT_TIMEOUT_S) -> None:
        self.socket_file = socket_file
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket_file)),
            base_url="http://localhost",
            timeout=httpx.Timeout(timeout_s, connect=_CONNECT_TIMEOUT_S),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON; `query` is added to what the path asks already."""
        return self.request("GET", str(httpx.URL(path).copy_merge_params(_without_none(query)))).json()

    def post(self, path: str, body: Any = None, timeout_s: float | None = None) -> Any:
        """Send JSON, get JSON."""
        return self.request("POST", path, json=body, timeout_s=timeout_s).json()

    def put(self, path: str, body: Any = None) -> Any:
        """Replace something by JSON, get JSON."""
        return self.request("PUT", path, json=body).json()

    def upload(self, path: str, file: Path, timeout_s: float | None = None) -> Any:
        """Send a file by PUT, piece by piece, get JSON."""
        with file.open("rb") as stream:
            headers = {"Content-Length": str(os.fstat(stream.fileno()).st_size)}
            return self.request("PUT", path, content=_pieces(stream), headers=headers, timeout_s=timeout_s).json()

    def delete(self, path: str) -> Any:
        """Delete something, get JSON."""
        return self.request("DELETE", path).json()

    def request(self, method: str, path: str, *, timeout_s: float | None = None, **options: Any) -> httpx.Response:
        """Send any request and read the whole answer; `options` are httpx's (json, params, content, headers)."""
        if timeout_s is not None:
            options["timeout"] = httpx.Timeout(timeout_s, connect=_CONNECT_TIMEOUT_S)
        if isinstance(options.get("content"), bytes):
            # httpcore copies what is left of a body after each send: 300 MB in one piece took 145 s, in many 1.5 s
            options["content"] = io.BytesIO(options["content"])
        options["headers"] = behalf.headers() | dict(options.get("headers") or {})
        with self._translated():
            response = self._http.request(method, path, **options)
        return _checked(response)

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """Send a request and read its answer piece by piece."""
        with self._translated(), self._http.stream(method, path, **options) as response:
            if response.is_error:
                response.read()
            yield _checked(response)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        name = self.socket_file.parent.name
        try:
            yield
        except httpx.TimeoutException as error:
            raise errors.ServiceTimeout(f"the {name} service did not answer in time") from error
        except httpx.TransportError as error:
            raise errors.ServiceUnavailable(f"the {name} service is not running (nobody answers on {self.socket_file})") from error


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise errors.from_json(_json_or_none(response), response.status_code)
    return response


def _json_or_none(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _without_none(query: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in query.items() if value is not None}


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(_PIECE_BYTES):
        yield piece
