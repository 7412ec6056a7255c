"""Runs all benchmarks, one after the other, each in a process of its own: `python -m tests.benchmarks [--append]`."""

import subprocess
import sys

BENCHMARKS = (
    "sockets",
    "strokes",
    "history",
    "slices",
    "fills",
    "startup",
    "containers",
    "canvas",
    "together",
    "models_page",
    "first_strokes",
    "live",
    "learners",
    "second_round",
    "calibration",
    "prediction",
    "block_errors",
    "first_result",
    "instant",
    "annotator",
    "registry",
)


def main() -> int:
    """Run them all; the exit code counts those that failed."""
    return sum(
        bool(subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *sys.argv[1:]], check=False).returncode)
        for name in BENCHMARKS
    )


if __name__ == "__main__":
    sys.exit(main())
