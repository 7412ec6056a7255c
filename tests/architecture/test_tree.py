"""What every file of the tree keeps to."""

import ast
import re
import sys
import tomllib

import pytest

from tests.architecture.sources import PACKAGES, ROOT, modules, tracked_files

MAX_LINES = 300
_CODE = {".py", ".mjs", ".js"}


def is_ours(name: str) -> bool:
    return not any(part in name for part in ("/vendor/", "/data/", "package-lock"))


def test_no_file_knows_the_machine_that_it_was_written_on():
    us = b"/" + b"work/"  # this file must be able to say it
    found = [str(path.relative_to(ROOT)) for path in tracked_files() if us in path.read_bytes()]
    assert not found


def test_files_are_one_room_each():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked_files()
        if path.suffix in _CODE and is_ours(str(path.relative_to(ROOT))) and (lines := len(path.read_bytes().splitlines())) >= MAX_LINES
    }
    assert not long


def test_nothing_prints_but_the_command():
    """Services log; only the command's output module writes for people and pipes."""
    prints = [
        f"{module}:{node.lineno}"
        for module in modules()
        if not (module.package == "voxloop_compose" and module.name == "output")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not prints


def test_every_package_is_typed():
    assert [name for name, source in PACKAGES.items() if not (source / name / "py.typed").exists()] == []


def test_every_public_name_of_the_source_says_what_it_is():
    bare = [f"{module}:{node.lineno} {node.name}" for module in modules() for node in _public(module.tree) if not ast.get_docstring(node)]
    bare += [f"{module}" for module in modules() if module.path.stat().st_size and not ast.get_docstring(module.tree)]
    assert not bare


def _public(tree: ast.Module) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


def test_modules_have_the_names_of_things():
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    assert [str(module) for module in modules() if set(module.name.split(".")) & vague] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_declares_what_it_imports(package: str):
    """A container installs what its distribution names, and nothing else."""
    project = tomllib.loads((PACKAGES[package].parent / "pyproject.toml").read_text())["project"]
    assert project["name"] == ("voxloop" if package == "voxloop_compose" else package.replace("_", "-"))
    assert project["license"] == "BSD-3-Clause"
    named = {re.split(r"[\[<>=!~ ;]", requirement)[0].lower() for requirement in _requirements(project)}
    used = {top for module in modules(package) for top in module.tops} - set(sys.stdlib_module_names) - {package, "__future__"}
    missing = {top for top in used if not named & {_DISTRIBUTIONS.get(top, top).replace("_", "-"), *_BROUGHT.get(top, ())}}
    assert not missing


_DISTRIBUTIONS = {"voxloop_compose": "voxloop", "yaml": "pyyaml", "sklearn": "scikit-learn"}
_BROUGHT = {"starlette": ("fastapi", "voxloop-shared"), "typing_extensions": ("pydantic", "voxloop-shared"), "h11": ("uvicorn",)}
"""What comes with another distribution, by its documentation."""


def _requirements(project: dict) -> list[str]:
    """Give what a distribution asks for, and what the extras of shared that it names ask for."""
    asked = [*project["dependencies"], *(entry for extra in project.get("optional-dependencies", {}).values() for entry in extra)]
    extras = {name for entry in asked if entry.startswith("voxloop-shared[") for name in entry[15 : entry.index("]")].split(",")}
    shared = tomllib.loads((ROOT / "shared" / "pyproject.toml").read_text())["project"]
    brought = [*shared["dependencies"], *(entry for name in extras for entry in shared["optional-dependencies"][name])]
    return asked + (brought if any(entry.startswith("voxloop-shared") for entry in asked) else [])
