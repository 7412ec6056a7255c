"""The list of finished blocks outlives a kill in the middle of a line."""

from pathlib import Path

import numpy as np

from voxloop_infer.ledger import Ledger

SIZE = (2, 4, 4)
BLOCKS = [np.s_[z : z + 2, 0:4, 0:4] for z in (0, 2, 4)]


def ledger_of(path: Path, *blocks, size=SIZE) -> Ledger:
    ledger = Ledger(path, size)
    for block in blocks:
        ledger.add(block, np.full(SIZE, 7, np.uint8))
    return ledger


def test_what_was_noted_is_known_after_a_restart(tmp_path: Path):
    ledger_of(tmp_path / "blocks", *BLOCKS[:2])
    again = Ledger(tmp_path / "blocks", SIZE)
    assert [block in again for block in BLOCKS] == [True, True, False]
    assert (len(again), again.counts[7], again.counts.sum()) == (2, 64, 64)


def test_a_torn_last_line_does_not_count_and_spoils_nothing_that_follows(tmp_path: Path):
    path = tmp_path / "blocks"
    ledger_of(path, *BLOCKS[:2])
    whole = path.read_bytes()
    for cut in range(1, len(whole) - whole.index(b"\n") - 1):
        path.write_bytes(whole[:-cut])
        again = ledger_of(path)
        assert [block in again for block in BLOCKS] == [True, False, False], cut
        again.add(BLOCKS[2], np.full(SIZE, 9, np.uint8))
        last = Ledger(path, SIZE)
        assert [block in last for block in BLOCKS] == [True, False, True], cut
        assert (last.counts[7], last.counts[9]) == (32, 32)


def test_blocks_of_another_size_do_not_count(tmp_path: Path):
    ledger_of(tmp_path / "blocks", *BLOCKS)
    assert len(Ledger(tmp_path / "blocks", (4, 4, 4))) == 0
