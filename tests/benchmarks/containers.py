"""What containers cost: from `voxloop up` to four healthy services, a request over a socket, training beside the process runtime.

As root, with podman: images are built first, for a user made for this. `--rounds N` trainings of `--budget S` seconds per runtime.
"""

import argparse
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.report import percentiles_ms, print_figures
from tests.compose.conftest import Terminal
from tests.compose.conftest import new_terminal as process_terminal
from tests.podman.account import is_controller, remove_shared_account, shared_account
from tests.podman.conftest import new_terminal as podman_terminal
from voxloop_compose.demo.loop import simulate_strokes
from voxloop_compose.demo.nerve import NERVE, reference_labels

STARTS = 5
REQUESTS = 2000
WARM_UP = 100


def measure_start(terminal: Terminal) -> float:
    """Give the seconds until `voxloop up` says that all are healthy."""
    began = time.monotonic()
    stack = terminal.up("--no-tcp")
    seconds = time.monotonic() - began
    stack.end()
    return seconds


def measure_requests(terminal: Terminal) -> list[float]:
    """Give the seconds of each request to the registry, kept alive."""
    stack = terminal.up("--no-tcp")
    seconds = []
    with terminal.acting(), stack.client("registry") as client:
        for _ in range(WARM_UP + REQUESTS):
            start = time.perf_counter()
            client.get("/health")
            seconds.append(time.perf_counter() - start)
    stack.end()
    return seconds[WARM_UP:]


def measure_training(terminal: Terminal, budget_s: float) -> float:
    """Give the steps per second of a U-Net on the demo's strokes."""
    strokes = simulate_strokes(reference_labels(), 0)
    stack = terminal.up("--no-tcp", "--demo")
    with terminal.acting(), stack.client("annotate") as annotate:
        for stroke in strokes:
            annotate.post(f"/api/volumes/{NERVE}/strokes", stroke.model_dump(mode="json"))
    terminal.json("train", NERVE, "--budget", budget_s, "--wait", timeout_s=budget_s + 120)
    with terminal.acting(), stack.client("registry") as registry:
        manifest = registry.get(f"/models/{NERVE}/versions/latest")["manifest"]
    stack.end()
    shutil.rmtree(stack.workspace)
    return float(manifest["metrics"]["steps"]) / float(manifest["duration_s"])


def main() -> dict[str, Any]:
    """Measure and print; the two runtimes take turns, so that what else the machine does befalls both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=30.0)
    chosen, _ = parser.parse_known_args()
    containers, processes = podman_terminal(shared_account()), process_terminal()
    try:
        starts = sorted(measure_start(containers) for _ in range(STARTS))
        requests = measure_requests(containers)
        rates = [(measure_training(containers, chosen.budget), measure_training(processes, chosen.budget)) for _ in range(chosen.rounds)]
    finally:
        for terminal in (containers, processes):
            terminal.close()
            shutil.rmtree(Path(terminal.folder), ignore_errors=True)
        if is_controller():
            remove_shared_account()
    inside, beside = (statistics.median(found) for found in zip(*rates, strict=True))
    figures = {"healthy_median_s": round(starts[STARTS // 2], 2), "healthy_max_s": round(starts[-1], 2)}
    figures |= percentiles_ms(requests, "request")
    figures |= {"steps_per_s": round(inside, 2), "steps_per_s_process": round(beside, 2), "throughput": round(inside / beside, 3)}
    return print_figures("containers", figures, goal="healthy_max_s <= 6, request_p50_ms <= 2, throughput >= 0.97")


if __name__ == "__main__":
    main()
