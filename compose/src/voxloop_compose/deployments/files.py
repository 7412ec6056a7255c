"""The files of a deployment as text: compose.yaml, kube.yaml and quadlet/*.container."""

from pathlib import Path
from typing import Any

import yaml

from voxloop_compose.containers.description import host_folders
from voxloop_compose.deployments.composefile import compose_project
from voxloop_compose.deployments.places import Places
from voxloop_compose.deployments.pods import pods
from voxloop_compose.deployments.units import units
from voxloop_shared.errors import InvalidInput

_WORKSPACE, _RUN_DIR = "${VOXLOOP_WORKSPACE}", "${VOXLOOP_RUN_DIR}"
_UNIT_WORKSPACE, _UNIT_RUN_DIR = "%h/.local/share/voxloop/default", "%t/voxloop/quadlet"
_NAME = "default"
_WIDTH = 160

_MADE = "Made by `voxloop compose-files` from voxloop_compose/containers/description.py: change that, not this."
_WAY_IN = "The page: ssh -L 8050:{run_dir}/annotate/http.sock HOST, then http://localhost:8050/. Nothing listens on TCP."
_COMPOSE = "The stack for podman-compose ≥ 1.6: podman-compose -f compose.yaml up -d </dev/null"
_KUBE = "The stack for podman ≥ 4.3: {play} | podman kube play --network none --userns keep-id -  (`podman kube down` ends it)"
_UNIT = (
    "A unit for podman ≥ 4.4 (quadlet), to lie in ~/.config/containers/systemd/:\n"
    "systemctl --user daemon-reload && systemctl --user start {name}; without a login `loginctl enable-linger` keeps it"
)


def deployment_files(places: Places) -> dict[str, str]:
    """Give the files for the paths of a machine; raises InvalidInput where a path cannot stand in them."""
    for folder in (places.workspace, places.run_dir):
        if set(str(folder)) & set(" \t\n:\"'%$\\,"):
            raise InvalidInput(f"{folder} cannot stand in units and mounts: use a path without spaces, quotes, and any of : % $ , \\")
    return _files(places, places, has_placeholders=False)


def template_files() -> dict[str, str]:
    """Give the files as they lie in the source tree: with environment variables and systemd's specifiers for paths."""
    return _files(
        Places(_NAME, Path(_WORKSPACE), Path(_RUN_DIR), "${USER}"),
        Places(_NAME, Path(_UNIT_WORKSPACE), Path(_UNIT_RUN_DIR), "%u"),
        has_placeholders=True,
    )


def _files(places: Places, unit_places: Places, *, has_placeholders: bool) -> dict[str, str]:
    first = _first_steps(places) if has_placeholders else ""
    play = "envsubst < kube.yaml" if has_placeholders else "cat kube.yaml"
    found = {
        "compose.yaml": _commented(places, _COMPOSE, first) + _yaml(compose_project(places)),
        "kube.yaml": _commented(places, _KUBE.format(play=play), first) + "---\n".join(map(_yaml, pods(places))),
    }
    for name, text in units(unit_places).items():
        found[f"quadlet/{name}"] = _commented(unit_places, _UNIT.format(name=name.removesuffix(".container"))) + text
    return found


def _commented(places: Places, *says: str) -> str:
    lines = "\n".join((*filter(None, says), _WAY_IN.format(run_dir=places.run_dir), _MADE)).splitlines()
    return "".join(f"# {line}\n" for line in lines)


def _first_steps(places: Places) -> str:
    """Say what must be there first: variables, folders."""
    quoted = " ".join(f'"{folder}"' for folder in host_folders(places.workspace, places.run_dir))
    variables = f"export {_WORKSPACE[2:-1]}=/path/of/the/workspace {_RUN_DIR[2:-1]}=$XDG_RUNTIME_DIR/voxloop/compose"
    return f"First: voxloop build; {variables}\nmkdir -p -m 700 {quoted}"


def _yaml(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, width=_WIDTH, allow_unicode=True))
