"""One of many processes at a registry, which publish, alias, tag, delete, restore and collect.

`python -m tests.registry.stress SOCKET NUMBER MANIFEST` acts until its standard input ends, and prints what was acknowledged to it
as one JSON object.
"""

import json
import random
import select
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.registry.files import digest_of, weights
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import Conflict, NotFound, ServiceUnavailable

NAMES = ("a", "b", "c")


class Visitor:
    """One process: what it does, and what came of it."""

    def __init__(self, registry: ServiceClient, number: int, manifest: dict[str, Any]) -> None:
        self.published: list[tuple[str, int, str]] = []
        self.moved = 0
        self.refused: Counter[str] = Counter()
        self._registry = registry
        self._number = number
        self._manifest = manifest
        self._random = random.Random(number)

    def act(self) -> None:
        """Do one of all that can be done; what others were faster at is refused, and nothing else may fail."""
        acts = (self.publish, self.publish, self.move, self.delete, self.restore, self.tag, self.collect)
        act = self._random.choice(acts)
        try:
            act()
        except (Conflict, NotFound) as error:
            self.refused[type(error).__name__] += 1

    def publish(self) -> None:
        name = self._random.choice(NAMES)
        content = weights(self._random.randbytes(8) if self._random.random() < 0.5 else b"common")
        self._registry.request("PUT", f"/blobs/{digest_of(content)}", content=content)
        parent = f"{self._random.choice(NAMES)}:{self._random.randint(1, 20)}" if self._random.random() < 0.3 else None
        body = {"manifest": self._manifest | {"parent": parent}, "weights": digest_of(content)}
        found = self._registry.post(f"/models/{name}/versions", body)
        self.published.append((name, found["version"], found["digest"]))

    def move(self) -> None:
        """Count one up in an alias that everybody moves, only from where it was seen."""
        name = self._random.choice(NAMES)
        seen = self._registry.get(f"/models/{name}")
        number = self._random.choice(seen["versions"])["version"]
        before = seen["aliases"].get("shared")
        if number != before:
            self._registry.put(f"/models/{name}/aliases/shared", {"version": number, "expected": before})
            self.moved += 1

    def delete(self) -> None:
        name = self._random.choice(NAMES)
        number = self._random.choice(self._registry.get(f"/models/{name}")["versions"])["version"]
        self._registry.delete(f"/models/{name}/versions/{number}")

    def restore(self) -> None:
        gone = self._registry.get("/versions", deleted=True)["rows"]
        if gone:
            row = self._random.choice(gone)
            self._registry.post(f"/models/{row['name']}/versions/{row['version']}/restore")

    def tag(self) -> None:
        name = self._random.choice(NAMES)
        self._registry.request("PATCH", f"/models/{name}", json={"add_tags": [f"p{self._number}"]})

    def collect(self) -> None:
        self._registry.post("/collect", {"older_than_days": 0.00001, "deleted_for_days": 0.00001, "is_dry": False})


def main() -> None:
    """Act until nobody listens any more, also while the registry is being restarted."""
    socket_file, number, manifest = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    with ServiceClient(socket_file) as registry:
        visitor = Visitor(registry, number, manifest)
        while not is_over(0):
            try:
                visitor.act()
            except ServiceUnavailable:  # it was killed, and needs the cores to come back
                visitor.refused["ServiceUnavailable"] += 1
                is_over(0.1)
    print(json.dumps({"published": visitor.published, "moved": visitor.moved, "refused": visitor.refused}))


def is_over(patience_s: float) -> bool:
    """Say whether the standard input has ended, at once or after waiting for it."""
    return bool(select.select([sys.stdin], [], [], patience_s)[0])


if __name__ == "__main__":
    main()
