"""The process's heap: what freed tensors leave behind in it."""

import ctypes

_LIBC = ctypes.CDLL(None)


def give_back_unused() -> None:
    """Give the system all pages of the heap that nothing lies in; does nothing where the C library is not glibc.

    Tensors of a network's layers come in many sizes, a few MB each, and leave holes that the next tile's do not fit. By itself malloc
    only gives back what lies at the heap's end.
    """
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)
