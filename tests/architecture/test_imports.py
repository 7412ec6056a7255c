"""Imports run one way (DESIGN, "Layout")."""

import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.sources import PACKAGES, WEB, Module, modules

SERVICES = [name for name in PACKAGES if name != "voxloop_shared"]
FORBIDDEN = {
    "voxloop_registry": {"torch", "zarr", "numpy", "icechunk", "safetensors"},
    "voxloop_annotate": {"torch"},
    "voxloop_compose": {"torch", "dash"},
}
LIGHT = [
    "errors",
    "schemas",
    "settings",
    "client",
    "server",
    "health",
    "files",
    "logs",
    "workspace",
    "identity",
    "sockets",
    "addresses",
    "jobs.queue",
]
"""What the registry and the front end may import without pulling in arrays."""


def violations(found: list[Module], forbidden: set[str]) -> list[str]:
    return [f"{module} imports {', '.join(sorted(module.tops & forbidden))}" for module in found if module.tops & forbidden]


@pytest.mark.parametrize("package", SERVICES)
def test_a_service_imports_nothing_of_another(package: str):
    assert not violations(modules(package), set(SERVICES) - {package})


def test_shared_imports_nothing_of_ours():
    assert not violations(modules("voxloop_shared"), set(SERVICES))


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_service_stays_light(package: str):
    assert not violations(modules(package), FORBIDDEN[package])


@pytest.mark.parametrize("package", SERVICES)
def test_domain_modules_know_nothing_of_the_web(package: str):
    domain = [module for module in modules(package) if not WEB & set(module.name.split("."))]
    assert not violations(domain, {"fastapi", "dash", "dash_bootstrap_components", "dash_ag_grid"})


@pytest.mark.parametrize("package", SERVICES)
def test_domain_modules_import_no_web_modules(package: str):
    """Dependencies run __main__ → app → routes | pages → domain, never back."""
    domain = [module for module in modules(package) if not WEB & set(module.name.split("."))]
    back = [f"{module} imports {name}" for module in domain for name in module.imports if _is_web(package, name)]
    assert not back


def _is_web(package: str, name: str) -> bool:
    top, *rest = name.split(".")
    return top == package and bool(rest) and rest[0] in WEB


def test_the_web_in_shared_stays_in_its_modules():
    web = {"fastapi", "starlette", "uvicorn"}
    found = {module.name for module in modules("voxloop_shared") if module.tops & web}
    assert found <= {"server", "health", "jobs.routes"}


def test_only_one_module_imports_podman():
    assert len([str(module) for module in modules() if "podman" in module.tops]) <= 1


def test_the_data_part_of_shared_needs_no_torch():
    data = [module for module in modules("voxloop_shared") if not module.name.startswith("nets")]
    assert not violations(data, {"torch", "safetensors"})


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_in_a_circle(package: str):
    names = {f"{package}.{module.name}".rstrip("."): module.imports_at_load for module in modules(package)}
    graph = {name: {_module_of(imported, names) for imported in found} - {name, package, None} for name, found in names.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1][::-1]))


def _module_of(imported: str, names: Iterable[str]) -> str | None:
    """Give the module that an imported name is, or lies in."""
    return max((name for name in names if f"{imported}.".startswith(f"{name}.")), key=len, default=None)


def pulled_in(*names: str) -> set[str]:
    """Import modules in a fresh interpreter and give the top-level packages that came along."""
    script = f"import sys, {', '.join(names)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())


def test_the_light_part_of_shared_pulls_in_no_arrays():
    assert not pulled_in(*(f"voxloop_shared.{name}" for name in LIGHT)) & {"numpy", "zarr", "icechunk", "torch"}


def test_the_registry_pulls_in_no_arrays():
    assert not pulled_in("voxloop_registry.__main__") & {"numpy", "zarr", "icechunk", "torch"}


@pytest.mark.parametrize("package", ["voxloop_train", "voxloop_infer"])
def test_the_web_process_of_a_service_never_loads_what_only_its_jobs_need(package: str):
    if not (PACKAGES[package] / package / "app.py").exists():
        pytest.skip(f"{package} has no app yet")
    assert "dash" not in pulled_in(f"{package}.app")
