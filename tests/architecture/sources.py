"""The tree's Python files and what they import."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "voxloop_shared": ROOT / "shared/src",
    "voxloop_annotate": ROOT / "services/annotate/src",
    "voxloop_train": ROOT / "services/train/src",
    "voxloop_infer": ROOT / "services/infer/src",
    "voxloop_registry": ROOT / "services/registry/src",
    "voxloop_compose": ROOT / "compose/src",
}
WEB = {"app", "routes", "pages", "__main__", "components", "callbacks"}
"""Modules, and folders of modules, that may know of the web; all others are domain modules."""


@dataclass(frozen=True)
class Module:
    """One Python file of a package."""

    package: str
    path: Path

    @property
    def name(self) -> str:
        """Give the dotted name, without the package."""
        parts = self.path.relative_to(PACKAGES[self.package] / self.package).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text())

    @property
    def imports(self) -> set[str]:
        """Give the dotted names of everything imported, anywhere in the file; what only type checkers see does not count."""
        return _names(_walk_running(self.tree))

    @property
    def imports_at_load(self) -> set[str]:
        """Give the dotted names of what is imported when the module itself is."""
        return _names(iter(self.tree.body))

    @property
    def tops(self) -> set[str]:
        """Give the top-level packages of what is imported."""
        return {name.partition(".")[0] for name in self.imports}


def _names(nodes: Iterator[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _walk_running(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not _is_type_checking(node):
            yield node
            yield from _walk_running(node)


def modules(*packages: str) -> list[Module]:
    """Give the files of some packages, of all by default."""
    return [Module(name, path) for name in packages or PACKAGES for path in sorted((PACKAGES[name] / name).rglob("*.py"))]


def tracked_files() -> list[Path]:
    """Give the files that git knows or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:  # an unpacked archive: no git here
        hidden = {".git", ".venv", "node_modules", "__pycache__"}
        return [path for path in ROOT.rglob("*") if path.is_file() and not hidden & set(path.relative_to(ROOT).parts)]
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
