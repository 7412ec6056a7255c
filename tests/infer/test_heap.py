import sys

import numpy as np
import psutil
import pytest

from voxloop_infer.heap import give_back_unused

_MB = 1 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc only")
def test_what_lies_between_things_that_are_still_used_is_given_back():
    process = psutil.Process()
    pieces = [np.ones(_MB // 16, np.uint8) for _ in range(200 * 16)]
    full = process.memory_info().rss
    kept = pieces[::100]
    del pieces
    give_back_unused()
    assert process.memory_info().rss < full - 150 * _MB
    assert all(piece.all() for piece in kept)
