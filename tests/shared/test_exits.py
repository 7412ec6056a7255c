"""A process ends with the code it was told, whatever its native threads are about."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S
from voxloop_shared.data.labels import Labels, default_classes

_READ_ON = """
import sys, threading
from pathlib import Path
from voxloop_shared.data.labels import Labels
from voxloop_shared.exits import exit_process

labels = Labels.open(Path(sys.argv[1]))
array, has_begun = labels.array(labels.head), threading.Event()

def read():
    while True:
        array[:]
        has_begun.set()

for _ in range(4):
    threading.Thread(target=read, daemon=True).start()
has_begun.wait()
print("done")
exit_process(7)
"""
"""Leaves while icechunk goes on answering: torn down the ordinary way, the interpreter makes such threads panic now and then."""

_CLEAN_UP = """
import atexit, sys
from voxloop_shared.exits import exit_process

atexit.register(lambda: print("cleaned up"))
sys.stdout.write("said without a line's end, ")
exit_process(int(sys.argv[1]))
"""


def run(code: str, *arguments: object, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}  # else nothing waits to be flushed
    return subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False, **options)


def test_reads_under_way_neither_abort_nor_say_anything(tmp_path):
    Labels.create(tmp_path / "labels", (8, 200, 200), default_classes())
    for _ in range(3):
        done = run(_READ_ON, tmp_path / "labels", stdout=subprocess.PIPE)
        assert (done.returncode, done.stdout, done.stderr) == (7, "done\n", "")


@pytest.mark.parametrize("code", [0, 3])
def test_what_was_said_is_written_and_exit_handlers_run(code):
    done = run(_CLEAN_UP, code, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (code, "said without a line's end, cleaned up\n", "")


def test_an_answer_that_could_not_be_written_is_no_success():
    with Path("/dev/full").open("w") as full:
        assert run(_CLEAN_UP, 0, stdout=full).returncode == os.EX_IOERR
