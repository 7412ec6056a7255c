"""An MLflow tracking server, spoken to in its REST API (https://mlflow.org/docs/latest/rest-api.html) without any package of MLflow."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx

from voxloop_shared.errors import Forbidden, InvalidInput, NotFound, ServiceTimeout, ServiceUnavailable, Unauthorized, VoxloopError

_API = "/api/2.0/mlflow"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_PROXIED = "mlflow-artifacts:/"
_TIMEOUT_S = 60.0
_MOST_METRICS, _MOST_PARAMS = 1000, 100
"""What the server takes in one batch."""
_LONGEST_PARAM, _LONGEST_TAG = 500, 5000


class Point(NamedTuple):
    """One value of a metric, at a step."""

    name: str
    value: float
    step: int
    time_ms: int


class Run(NamedTuple):
    """A run on the server, and where its files go."""

    id: str
    artifact_uri: str


class MlflowServer:
    """A tracking server; every call raises NotFound, Unauthorized, Forbidden, InvalidInput for what it refuses, ServiceUnavailable."""

    def __init__(self, url: str) -> None:
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InvalidInput(f"{url!r} is no address of a server: {error}") from error
        if address.scheme not in ("http", "https") or not address.host:
            raise InvalidInput(f"{url!r} is no address of an MLflow server: write http://HOST:PORT or https://…")
        self._url = str(address).rstrip("/")
        self._http = httpx.Client(base_url=self._url, timeout=_TIMEOUT_S, auth=_login(), headers=_token())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def experiment(self, name: str) -> str:
        """Give the id of an experiment, which is made where there is none."""
        try:
            found: str = self._get("/experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
        except NotFound:
            found = self._post("/experiments/create", {"name": name})["experiment_id"]
        return found

    def finished_runs(self, experiment: str, tags: Mapping[str, str]) -> list[Run]:
        """Give the runs of an experiment that came to a good end and carry these tags, newest first."""
        wanted = [f"tags.`{tag}` = '{value}'" for tag, value in tags.items()]
        query = " and ".join([*wanted, "attributes.status = 'FINISHED'"])
        answer = self._post("/runs/search", {"experiment_ids": [experiment], "filter": query, "max_results": 100})
        return [Run(run["info"]["run_id"], run["info"]["artifact_uri"]) for run in answer.get("runs", [])]

    @contextmanager
    def new_run(self, experiment: str, name: str, tags: Mapping[str, str], started_ms: int) -> Iterator[Run]:
        """Make a run that is finished when the block ends well, and failed otherwise; raises InvalidInput where files cannot be sent."""
        body = {"experiment_id": experiment, "run_name": name, "start_time": started_ms, "tags": _pairs(tags, _LONGEST_TAG)}
        info = self._post("/runs/create", body)["run"]["info"]
        run = Run(info["run_id"], info["artifact_uri"])
        try:
            self._check_takes_files(run)
            yield run
        except BaseException:
            with suppress(VoxloopError):  # what went wrong first is what matters
                self._end(run, "FAILED")
            raise
        self._end(run, "FINISHED")

    def log(self, run: Run, metrics: Iterable[Point], params: Mapping[str, str]) -> None:
        """Add metrics and parameters to a run."""
        for pairs in _batches(_pairs(params, _LONGEST_PARAM), _MOST_PARAMS):
            self._post("/runs/log-batch", {"run_id": run.id, "params": pairs})
        points = [{"key": point.name, "value": point.value, "timestamp": point.time_ms, "step": point.step} for point in metrics]
        for batch in _batches(points, _MOST_METRICS):
            self._post("/runs/log-batch", {"run_id": run.id, "metrics": batch})

    def send_file(self, run: Run, name: str, content: Iterable[bytes] | bytes) -> None:
        """Store a file of a run, piece by piece."""
        path = run.artifact_uri.removeprefix(_PROXIED).lstrip("/")
        self._ask("PUT", f"{_ARTIFACTS}/{path}/{name}", content=content, headers={"Content-Type": "application/octet-stream"})

    def register(self, name: str, run: Run, tags: Mapping[str, str], description: str) -> str:
        """Add a run's files as the next version of a registered model, and give that version's number on the server."""
        try:
            self._get("/registered-models/get", name=name)
        except NotFound:
            self._post("/registered-models/create", {"name": name})
        body = {"name": name, "source": run.artifact_uri, "run_id": run.id, "tags": _pairs(tags, _LONGEST_TAG), "description": description}
        return str(self._post("/model-versions/create", body)["model_version"]["version"])

    def versions(self, name: str) -> list[dict[str, Any]]:
        """List the versions of a registered model; none where the server does not know it."""
        found: list[dict[str, Any]] = []
        token = None
        while True:
            query = {"filter": f"name='{name}'", "max_results": 1000} | ({"page_token": token} if token else {})
            answer = self._get("/model-versions/search", **query)
            found += answer.get("model_versions", [])
            token = answer.get("next_page_token")
            if not token:
                return found

    def aliases(self, name: str) -> dict[str, str]:
        """Give the aliases of a registered model: which version on the server each one names."""
        entries = self._get("/registered-models/get", name=name)["registered_model"].get("aliases", [])
        return {entry["alias"]: str(entry["version"]) for entry in entries}

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias at a version on the server."""
        self._post("/registered-models/alias", {"name": name, "alias": alias, "version": version})

    def _check_takes_files(self, run: Run) -> None:
        if not run.artifact_uri.startswith(_PROXIED):
            raise InvalidInput(f"{self._url} keeps files at {run.artifact_uri} and takes none itself: start it with --serve-artifacts")

    def _end(self, run: Run, status: str) -> None:
        self._post("/runs/update", {"run_id": run.id, "status": status, "end_time": time.time_ns() // 1_000_000})

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._ask("GET", _API + path, params=query)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", _API + path, json=body)

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TimeoutException as error:
            raise ServiceTimeout(f"{self._url} did not answer in time") from error
        except httpx.TransportError as error:
            raise ServiceUnavailable(f"{self._url} does not answer: {error}") from error
        if response.is_error:
            raise self._refusal(response)
        try:
            found: dict[str, Any] = response.json() if response.content.strip() else {}
        except ValueError as error:
            raise InvalidInput(f"{self._url} answers no JSON: is it an MLflow server?") from error
        return found

    def _refusal(self, response: httpx.Response) -> VoxloopError:
        try:
            said = response.json().get("message")
        except (ValueError, AttributeError):
            said = None
        kind = {401: Unauthorized, 403: Forbidden, 404: NotFound, 400: InvalidInput}.get(response.status_code, VoxloopError)
        return kind(f"{self._url} refused ({response.status_code}): {said or response.text[:200] or response.reason_phrase}")


def _login() -> tuple[str, str] | None:
    user, password = os.environ.get("MLFLOW_TRACKING_USERNAME"), os.environ.get("MLFLOW_TRACKING_PASSWORD")
    return (user, password) if user and password else None


def _token() -> dict[str, str]:
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _pairs(values: Mapping[str, str], longest: int) -> list[dict[str, str]]:
    return [{"key": key, "value": value[:longest]} for key, value in values.items()]


def _batches(things: list[dict[str, Any]], most: int) -> Iterator[list[dict[str, Any]]]:
    return (things[start : start + most] for start in range(0, len(things), most))
