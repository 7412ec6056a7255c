"""What one request over a Unix socket costs, kept alive: GET /health of a registry in another process."""

import time
from typing import Any

from tests.benchmarks.report import percentiles_ms, print_figures
from tests.benchmarks.service import new_workspace, running

REQUESTS = 2000
WARM_UP = 100


def main() -> dict[str, Any]:
    """Measure and print."""
    with new_workspace() as workspace, running("registry", workspace) as client:
        seconds = []
        for _ in range(WARM_UP + REQUESTS):
            start = time.perf_counter()
            client.get("/health")
            seconds.append(time.perf_counter() - start)
    return print_figures("sockets", percentiles_ms(seconds[WARM_UP:], "request"), goal="request_p50_ms <= 2")


if __name__ == "__main__":
    main()
