"""How much memory and processor time a container may take, and whether this machine can hold it to that."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voxloop_compose.containers.podman import Podman
from voxloop_shared.errors import InvalidInput
from voxloop_shared.settings import SERVICES

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LEAST_BYTES = 256 << 20
CPU_PERIOD_US = 100_000


@dataclass(frozen=True, slots=True)
class Limit:
    """What one container may take; None: all there is."""

    memory_bytes: int | None = None
    cpus: float | None = None


def parse_limits(memory: Sequence[str], cpus: Sequence[str]) -> dict[str, Limit]:
    """Read `train=16g` and `train=4`; raises InvalidInput."""
    sizes = {service: _parse_size(text) for service, text in map(_parted, memory)}
    shares = {service: _parse_cpus(text) for service, text in map(_parted, cpus)}
    return {service: Limit(sizes.get(service), shares.get(service)) for service in SERVICES if service in sizes or service in shares}


def missing_controllers(podman: Podman, limits: Mapping[str, Limit]) -> list[str]:
    """Name what cannot be limited on this machine: rootless podman takes such limits and ignores them."""
    asked = {"memory": any(limit.memory_bytes for limit in limits.values()), "cpu": any(limit.cpus for limit in limits.values())}
    able = podman.cgroup_controllers if podman.cgroup_version == "v2" or not podman.is_rootless else ()
    return [name for name, is_asked in asked.items() if is_asked and name not in able]


def _parted(text: str) -> tuple[str, str]:
    service, _, value = text.partition("=")
    if service not in SERVICES or not value:
        raise InvalidInput(f"{text!r} is no limit: write SERVICE=VALUE, for example train=16g; services are {', '.join(SERVICES)}")
    return service, value


def _parse_size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found["number"]) * 1024 ** _UNITS[found["unit"].lower()]) if found else 0
    if size < _LEAST_BYTES:
        raise InvalidInput(f"{text!r} is no amount of memory of at least {_LEAST_BYTES >> 20} MiB: write for example 16g")
    return size


def _parse_cpus(text: str) -> float:
    try:
        cpus = float(text)
    except ValueError:
        cpus = 0.0
    if not 0.1 <= cpus <= 4096:
        raise InvalidInput(f"{text!r} is no number of processors: write for example 4 or 0.5")
    return cpus
