"""The README says what the description says."""

import re
from pathlib import Path

from voxloop_compose.containers.description import CONTAINERS

README = Path(__file__).parents[2] / "README.md"


def test_the_table_of_the_readme_names_what_each_service_writes_reads_and_calls():
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in README.read_text().splitlines() if line.startswith("| ")]
    for service, container in CONTAINERS.items():
        writes, reads, calls, gpu = next(row[1:] for row in rows if row[0] == service and len(row) == 5)
        assert names(writes) == {part.path or "workspace.db" for part in container.workspace if part.is_writable}
        assert names(reads) == {part.path for part in container.workspace if not part.is_writable}
        assert tuple(re.findall(r"\w+", calls)) == container.calls
        assert gpu == ("yes" if container.uses_gpu else "no")


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))
