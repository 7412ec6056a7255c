"""A stack that its host has opened to a group of real accounts, with a small volume in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.annotate.test_strokes import a_stroke
from tests.colleagues import Colleague, Crew
from tests.compose.conftest import Terminal, Upped

SHAPE = (9, 20, 31)


@dataclass
class Shared:
    """The stack, who may come in, and what they do there."""

    terminal: Terminal
    stack: Upped
    crew: Crew
    volume: str = "stone"

    @property
    def host(self) -> str:
        return self.stack.workspace.owner()

    @property
    def socket(self) -> Path:
        return self.stack.workspace / "run" / "annotate" / "http.sock"

    def ask(self, who: Colleague, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, Any]:
        """Send a request as a colleague; VOLUME stands for the volume's address."""
        return who.ask(self.socket, method, path.replace("VOLUME", f"/api/volumes/{self.volume}"), body, **headers)

    def paint(self, who: Colleague, **about: Any) -> tuple[Any, Any]:
        return self.ask(who, "POST", "VOLUME/strokes", a_stroke(**about))

    def role(self, who: Colleague, role: str) -> None:
        with self.stack.acting(), self.stack.client("annotate") as annotate:
            annotate.put(f"/api/people/{who.name}", {"role": role})

    def forget_roles(self) -> None:
        """Take all roles away that a test has given."""
        with self.stack.acting(), self.stack.client("annotate") as annotate:
            for entry in annotate.put("/api/people", {"role": "annotator"})["people"]:
                annotate.delete(f"/api/people/{entry['user']}")


@contextmanager
def opened_to(crew: Crew, terminal: Terminal, *options: str) -> Iterator[Shared]:
    """Start a stack that is shared with a crew."""
    terminal.folder.chmod(0o755)
    stack = terminal.up("--no-tcp", "--share", crew.group, *options)
    image = terminal.folder / "stone.npy"
    np.save(image, np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE))
    image.chmod(0o644)
    terminal.json("import", image, "--name", "Stone")
    yield Shared(terminal, stack, crew)
    terminal.close()
