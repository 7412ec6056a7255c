"""Sockets are private, and safe to find stale."""

import multiprocessing
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S
from voxloop_shared.errors import InvalidInput, WorkspaceInUse
from voxloop_shared.sockets import MAX_PATH_BYTES, bind_socket, is_listening


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_socket_and_its_folder_are_private(run_dir: Path):
    path = run_dir / "thing" / "http.sock"
    with bind_socket(path):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert mode_of(path) == 0o600
        assert mode_of(path.parent) == 0o700
        assert is_listening(path)


def test_a_folder_that_was_open_is_made_private(run_dir: Path):
    (run_dir / "thing").mkdir(mode=0o755)
    with bind_socket(run_dir / "thing" / "http.sock"):
        assert mode_of(run_dir / "thing") == 0o700


def test_a_group_may_be_let_in(run_dir: Path):
    with bind_socket(run_dir / "thing" / "http.sock", mode=0o660, folder_mode=0o750):
        assert (mode_of(run_dir / "thing" / "http.sock"), mode_of(run_dir / "thing")) == (0o660, 0o750)


def test_binding_leaves_the_umask_alone(run_dir: Path, monkeypatch: pytest.MonkeyPatch):
    """It belongs to the process: a folder that another thread makes meanwhile would be one that nobody can enter."""
    asked: list[int] = []
    monkeypatch.setattr(os, "umask", asked.append)
    bind_socket(run_dir / "thing" / "http.sock").close()
    assert asked == []


def test_a_socket_file_is_private_from_its_first_moment(run_dir: Path, monkeypatch: pytest.MonkeyPatch):
    path = run_dir / "thing" / "http.sock"
    before = os.umask(0)
    try:
        monkeypatch.setattr(Path, "chmod", lambda *_: None)  # what the file is before it gets its final mode
        bind_socket(path).close()
        assert mode_of(path) == 0o600
    finally:
        os.umask(before)


def test_a_stale_file_is_replaced(run_dir: Path):
    path = run_dir / "thing" / "http.sock"
    bind_socket(path).close()
    assert path.exists()
    assert not is_listening(path)
    with bind_socket(path):
        assert is_listening(path)


def test_a_live_socket_is_not_taken_over(run_dir: Path):
    path = run_dir / "thing" / "http.sock"
    with bind_socket(path) as first:
        with pytest.raises(WorkspaceInUse, match=str(path)):
            bind_socket(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            first.accept()[0].close()


def test_a_socket_with_a_full_backlog_is_live(run_dir: Path):
    path = run_dir / "thing" / "http.sock"
    with bind_socket(path) as listener:
        listener.listen(0)
        waiting = []
        try:
            for _ in range(3):
                waiting.append(socket.socket(socket.AF_UNIX))
                waiting[-1].setblocking(False)
                try:
                    waiting[-1].connect(str(path))
                except BlockingIOError:
                    break
            assert is_listening(path)
        finally:
            for client in waiting:
                client.close()


def _bind(path: Path, start, results) -> None:
    start.wait()
    try:
        listener = bind_socket(path)
    except WorkspaceInUse:
        results.put("refused")
    else:
        results.put("bound")
        start.wait()
        listener.close()


def test_of_processes_that_bind_at_once_one_wins(run_dir: Path):
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(4), context.Queue()
    path = run_dir / "thing" / "http.sock"
    bind_socket(path).close()
    processes = [context.Process(target=_bind, args=(path, start, results)) for _ in range(4)]
    for process in processes:
        process.start()
    found = sorted(results.get(timeout=PATIENCE_S) for _ in processes)
    start.abort()
    for process in processes:
        process.join(PATIENCE_S)
    results.close()
    assert found == ["bound", "refused", "refused", "refused"]


def test_too_long_a_path_is_said_clearly(run_dir: Path):
    fits = run_dir / ("x" * (MAX_PATH_BYTES - len(str(run_dir)) - len("//http.sock"))) / "http.sock"
    assert len(os.fsencode(fits)) == MAX_PATH_BYTES
    bind_socket(fits).close()
    with pytest.raises(InvalidInput, match="shorter run directory"):
        bind_socket(fits.with_name("https.sock"))
    umlauts = run_dir / ("ü" * 50) / "http.sock"
    with pytest.raises(InvalidInput):
        bind_socket(umlauts)
    assert not umlauts.parent.exists()


def test_nobody_listens_where_nothing_is(run_dir: Path):
    assert not is_listening(run_dir / "none.sock")


def test_many_threads_that_bind_other_sockets_do_not_open_one(run_dir: Path):
    paths = [run_dir / str(number) / "http.sock" for number in range(16)]
    threads = [threading.Thread(target=lambda path=path: bind_socket(path).close()) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {mode_of(path) for path in paths} == {0o600}
