"""For whom this process works right now: what a colleague starts on the page is done by our services, but in the colleague's name.

annotate says so with each call to another service. The others believe it because only processes of their own user can call them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import quote, unquote

HEADER = "x-voxloop-for"

_user: ContextVar[str | None] = ContextVar("voxloop_for", default=None)


@contextmanager
def working_for(user: str) -> Iterator[None]:
    """Tell the services that are called within the block who has asked for it; threads that take over the context do, too."""
    before = _user.set(user)
    try:
        yield
    finally:
        _user.reset(before)


def headers() -> dict[str, str]:
    """Give what a call to another service carries: the user's name, where somebody is worked for."""
    user = _user.get()
    return {} if user is None else {HEADER: quote(user)}


def read_header(value: str) -> str:
    """Give the user's name that a call carries."""
    return unquote(value)
