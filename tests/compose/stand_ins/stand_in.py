"""A service that does nothing but answer /health; STAND_IN_<SERVICE> makes it `broken`, or `stubborn` against SIGTERM."""

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path


def main(service: str) -> None:
    manner = os.environ.get(f"STAND_IN_{service.upper()}", "")
    if manner == "broken":
        sys.stderr.write("the spoon is bent\n")
        sys.exit(3)
    path = Path(os.environ[f"VOXLOOP_{service.upper()}_RUN_DIR"]) / service / "http.sock"
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    if manner == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection, service), daemon=True).start()


def _answer(connection: socket.socket, service: str) -> None:
    body = json.dumps(
        {"service": service, "version": "0", "uptime_s": 0.0, "devices": [], "queue_length": 0, "disk_free_bytes": 0}
    ).encode()
    with connection:
        while connection.recv(65536):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
