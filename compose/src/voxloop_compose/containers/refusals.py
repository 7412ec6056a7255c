"""What podman refuses, in words that say what to do."""

import re

from voxloop_shared.errors import DiskFull, VoxloopError

_CDI = "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
_ANSWERS = (
    (
        r"no space left on device|disk quota exceeded",
        "the disk on which podman keeps its images is full: free some with `podman image prune`",
    ),
    (
        r"unresolvable CDI devices|CDI.*device|setting up CDI",
        f"there is no CDI description of that GPU: make it with `{_CDI}`, or use --gpu none",
    ),
    (r"newuidmap|newgidmap", "newuidmap is missing: install it (Debian: apt-get install uidmap)"),
    (
        r"no subuid ranges|cannot find UID/GID",
        "this user has no range of user ids: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`",
    ),
    (r"container-init binary|catatonit", "catatonit is missing: install it (Debian: apt-get install catatonit)"),
    (
        r"invalid config for controller|controller .* does not exist|cgroup.*(hybrid|unified)",
        "the container runtime does not know these cgroups: see README, Containers",
    ),
)


def explain(said: str) -> str:
    """Turn podman's words into one line that says what to do; what is not known stays as it is."""
    line = " ".join(said.split())
    for pattern, answer in _ANSWERS:
        if re.search(pattern, line, re.IGNORECASE):
            return f"{answer} (podman said: {line[:200]})"
    return line


def refusal(said: str) -> VoxloopError:
    """Give the error for what podman wrote at its end."""
    message = f"podman: {explain(said)}"
    return DiskFull(message) if re.search(_ANSWERS[0][0], said, re.IGNORECASE) else VoxloopError(message)
