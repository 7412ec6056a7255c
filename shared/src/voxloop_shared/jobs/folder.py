"""The files of one job: who writes which, and how they are read while they grow.

The service writes job.json and spec.json; the child process writes metrics.jsonl, result.json, error.json, its
checkpoint folder, and (by redirection) stdout.log and stderr.log.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voxloop_shared.errors import InvalidInput, JobNotFound
from voxloop_shared.files import write_json
from voxloop_shared.jobs.job import Job

_TAIL_BYTES = 4096


class JobFolder:
    """One job's folder; a value object over its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metrics = path / "metrics.jsonl"
        self.stdout = path / "stdout.log"
        self.stderr = path / "stderr.log"
        self.checkpoint = path / "checkpoint"
        self.result = path / "result.json"
        self.error = path / "error.json"

    def create(self, job: Job, spec: dict[str, Any]) -> None:
        """Make the folder of a new job."""
        self.path.mkdir(parents=True)
        try:
            write_json(self.path / "spec.json", spec)
            self.write(job)
        except OSError:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def write(self, job: Job) -> None:
        """Store the job's state."""
        write_json(self.path / "job.json", job)

    def read(self) -> Job:
        """Read the job with the progress that its child last reported; raises JobNotFound."""
        try:
            job = Job.model_validate_json((self.path / "job.json").read_bytes())
        except FileNotFoundError as error:
            raise JobNotFound(f"no job {self.path.name!r}") from error
        newest = self._newest_metrics()
        job.progress = newest.get("progress")
        job.eta_s = newest.get("eta_s") if not job.state.is_final else None
        job.message = newest.get("message", "")
        return job

    def spec(self) -> dict[str, Any]:
        """Read what the job was asked to do."""
        found: dict[str, Any] = json.loads((self.path / "spec.json").read_bytes())
        return found

    def outcome(self, name: str) -> dict[str, Any] | None:
        """Read result.json or error.json; None while the child has not written it."""
        path = self.path / name
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    def forget_outcome(self) -> None:
        """Take away what an earlier attempt left, before the next."""
        for path in (self.result, self.error):
            path.unlink(missing_ok=True)

    def read_metrics(self, since: int, max_points: int) -> list[dict[str, Any]]:
        """Give the metrics from line `since` on, thinned evenly to at most `max_points`; the newest is always there."""
        lines = list(self._complete_lines(self.metrics))[since:]
        step = max(1, -(-len(lines) // max_points))
        return [json.loads(line) for line in lines[::-1][::step][::-1]]

    def read_log(self, stream: str, after: int, q: str) -> tuple[str, int]:
        """Give a log's text after a byte offset (only lines that contain `q`), and the offset to go on from."""
        if stream not in ("stdout", "stderr"):
            raise InvalidInput(f"no log stream {stream!r}: a job has stdout and stderr")
        path = self.path / f"{stream}.log"
        if not path.exists():
            return "", after
        with path.open("rb") as log:
            log.seek(after)
            raw = log.read()
        text = raw.decode(errors="replace")
        if q:
            text = "".join(line for line in text.splitlines(keepends=True) if q in line)
        return text, after + len(raw)

    def _newest_metrics(self) -> dict[str, Any]:
        try:
            with self.metrics.open("rb") as stream:
                stream.seek(max(0, stream.seek(0, 2) - _TAIL_BYTES))
                lines = stream.read().split(b"\n")[:-1]
            found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        except (FileNotFoundError, ValueError):
            return {}
        return found

    @staticmethod
    def _complete_lines(path: Path) -> Iterator[bytes]:
        if path.exists():
            yield from path.read_bytes().split(b"\n")[:-1]
