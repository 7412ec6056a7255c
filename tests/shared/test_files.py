"""Files and folders appear whole or not at all."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from voxloop_shared.files import new_folder, remove_leftovers, write_atomic, write_json

_REWRITE = """
import sys
from itertools import cycle
from pathlib import Path
from voxloop_shared.files import write_atomic
for letter in cycle(b"ab"):
    write_atomic(Path(sys.argv[1]), bytes([letter]) * 3_000_000)
    print(flush=True)
"""


def test_a_killed_writer_leaves_the_old_file_or_the_new(tmp_path: Path):
    path = tmp_path / "file"
    for kill in range(8):
        with subprocess.Popen([sys.executable, "-c", _REWRITE, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(1 + kill):
                writer.stdout.readline()
            writer.kill()
        found = path.read_bytes()
        assert found in (b"a" * 3_000_000, b"b" * 3_000_000)


def test_a_reader_never_sees_half(tmp_path: Path):
    path = tmp_path / "file"
    write_atomic(path, b"a" * 500_000)
    seen = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            content = path.read_bytes()
            seen.add((len(content), len(set(content))))

    reader = threading.Thread(target=read)
    reader.start()
    for letter in b"abcabcabc":
        write_atomic(path, bytes([letter]) * 500_000)
    done.set()
    reader.join()
    assert seen == {(500_000, 1)}


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path):
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_alone(small_disk: Path):
    path = small_disk / "file"
    write_atomic(path, b"old")
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, bytes(20 << 20))
    assert path.read_bytes() == b"old"
    assert list(small_disk.iterdir()) == [path]


def test_json_comes_back(tmp_path: Path):
    write_json(tmp_path / "file", {"a": Path("x"), "b": (1, None)})
    assert json.loads((tmp_path / "file").read_bytes()) == {"a": "x", "b": [1, None]}


def test_a_folder_appears_with_all_its_files(tmp_path: Path):
    path = tmp_path / "parent" / "folder"
    with new_folder(path) as aside:
        (aside / "deep" / "er").mkdir(parents=True)
        (aside / "deep" / "er" / "file").write_text("x")
        assert not path.exists()
    assert (path / "deep" / "er" / "file").read_text() == "x"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, OSError])
def test_a_folder_whose_writer_fails_leaves_nothing(tmp_path: Path, failure: type[BaseException]):
    def fail() -> None:
        with new_folder(tmp_path / "folder") as aside:
            (aside / "file").write_text("x")
            raise failure

    with pytest.raises(failure):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_of_two_writers_the_first_wins(tmp_path: Path):
    path = tmp_path / "folder"

    def write_twice() -> None:
        with new_folder(path) as second:
            (second / "who").write_text("second")
            with new_folder(path) as first:
                (first / "who").write_text("first")

    with pytest.raises(FileExistsError):
        write_twice()
    assert (path / "who").read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_writers_that_end_at_once_do_not_mix(tmp_path: Path):
    path, outcomes = tmp_path / "folder", []
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        try:
            with new_folder(path) as aside:
                (aside / str(number)).write_text("x")
                barrier.wait()
        except FileExistsError:
            outcomes.append("refused")
        else:
            outcomes.append(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [outcome for outcome in outcomes if outcome != "refused"]
    assert len(outcomes) == 8
    assert [entry.name for entry in path.iterdir()] == winners
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_taken_away(tmp_path: Path):
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom voxloop_shared.files import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as aside:\n    (aside / 'file').write_text('x')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "folder")], check=False)
    (tmp_path / "other").mkdir()
    assert not (tmp_path / "folder").exists()
    assert len(list(tmp_path.iterdir())) == 2
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
