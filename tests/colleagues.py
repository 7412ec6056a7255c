"""Real accounts of this machine for tests of what the kernel says about people; they need root, and skip where there is none."""

import contextlib
import json
import os
import pwd
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_ASK = """
import http.client, json, socket, sys

class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])

connection = Connection("localhost")
body = sys.stdin.read()
try:
    connection.request(sys.argv[2], sys.argv[3], body or None, {"Content-Type": "application/json", **json.loads(sys.argv[4])})
except OSError as error:
    print(json.dumps([type(error).__name__, None]))
else:
    answer = connection.getresponse()
    print(json.dumps([answer.status, answer.read().decode(errors="replace")]))
"""

_FORWARD = """
import socket, sys, threading

def pass_on(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)

def serve(near):
    far = socket.socket(socket.AF_UNIX)
    far.connect(sys.argv[1])
    threading.Thread(target=pass_on, args=(near, far), daemon=True).start()
    pass_on(far, near)

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    near, _ = listener.accept()
    threading.Thread(target=serve, args=(near,), daemon=True).start()
"""


@dataclass(frozen=True)
class Colleague:
    """An account, and what somebody logged into it does; each program runs under its uid, as those that sshd starts."""

    name: str
    groups: tuple[int, ...]

    @property
    def uid(self) -> int:
        return pwd.getpwnam(self.name).pw_uid

    def ask(self, socket_file: Path, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, Any]:
        """Send a request over a Unix socket: the status and the answer, or the error's name and None where there is no way in."""
        text = "" if body is None else json.dumps(body)
        found = self.run("-c", _ASK, str(socket_file), method, path, json.dumps(headers), stdin=text)
        status, answer = json.loads(found.stdout)
        with contextlib.suppress(TypeError, ValueError):
            answer = json.loads(answer)
        return status, answer

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run Python."""
        return subprocess.run([_python(), "-I", *arguments], input=stdin, **self._login(), capture_output=True, text=True, check=True)

    def readable(self, paths: Iterable[Path]) -> list[Path]:
        """Give those of some files and folders that can be read."""
        script = "import os, sys; print(*(path for path in sys.stdin.read().splitlines() if os.access(path, os.R_OK)), sep='\\n')"
        return [Path(line) for line in self.run("-c", script, stdin="\n".join(map(str, paths))).stdout.splitlines() if line]

    @contextlib.contextmanager
    def forwarding(self, socket_file: Path) -> Iterator[str]:
        """Forward a port of this machine to the socket, as `ssh -L` does; gives the address to open."""
        command = [_python(), "-I", "-c", _FORWARD, str(socket_file)]
        with subprocess.Popen(command, **self._login(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            try:
                yield f"http://localhost:{int(process.stdout.readline())}/"
            finally:
                process.kill()

    def _login(self) -> dict[str, Any]:
        account = pwd.getpwnam(self.name)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": list(self.groups), "cwd": "/", "env": {}}


@dataclass(frozen=True)
class Crew:
    """A unix group with two members, and somebody who is not in it."""

    group: str
    gid: int
    ada: Colleague
    eva: Colleague
    stranger: Colleague


@contextlib.contextmanager
def make_crew() -> Iterator[Crew]:
    """Make the accounts, and take them away again."""
    if os.getuid() != 0:
        pytest.skip("accounts of other people can only be made by root")
    mark = secrets.token_hex(3)
    group, names = f"vxg{mark}", [f"ada{mark}", f"eva{mark}", f"oda{mark}"]
    with contextlib.ExitStack() as undo:
        _run("groupadd", group)
        undo.callback(_run, "groupdel", group)
        for name in names:
            _run("useradd", "--no-create-home", *(["--groups", group] if name != names[2] else []), name)
            undo.callback(_run, "userdel", name)
        gid = int(subprocess.run(["getent", "group", group], capture_output=True, text=True, check=True).stdout.split(":")[2])
        yield Crew(group, gid, Colleague(names[0], (gid,)), Colleague(names[1], (gid,)), Colleague(names[2], ()))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _python() -> str:
    """Give a Python that other accounts can start: root's own may lie in root's home."""
    own = Path(sys.executable).resolve()
    is_open = all(folder.stat().st_mode & 0o001 for folder in own.parents)
    return str(own) if is_open else "/usr/bin/python3"
