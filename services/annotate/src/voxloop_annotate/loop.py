"""The loop of voxloop: train on the labels, then predict with what was learned."""

import logging
from dataclasses import dataclass
from typing import Any, Literal

from voxloop_annotate.catalogue import Catalogue
from voxloop_shared.behalf import working_for
from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import NotFound, ServiceTimeout, ServiceUnavailable, VoxloopError
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.schemas import Schema

log = logging.getLogger(__name__)

_LOOKED_AT = 20
_PREVIEW_S = 60.0
"""The first one starts infer's preview process, and loads the model."""


After = Literal["preview", "predict", "nothing"]
"""What follows a training that has succeeded. A preview is the business of the page that asked for it."""


class Light(Schema):
    """How a service is, as the page shows it."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True)
class Loop:
    """Drives the three other services over their sockets."""

    registry: ServiceClient
    train: ServiceClient
    infer: ServiceClient
    catalogue: Catalogue

    def start_training(self, volume: str, author: str, after: After = "predict", **order: Any) -> Job:
        """Train on the newest labels; `order` is train's own (learner, budget_s, config, parent, accepted). Raises what train raises."""
        job = Job.model_validate(self.train.post("/jobs", {"volume": volume} | order))
        if after == "predict":
            self.catalogue.add_follow_up(job.id, volume, author)
        self.catalogue.note(author, "train", volume, job.id)
        return job

    def start_prediction(self, volume: str, model: str | None, author: str, **options: Any) -> Job:
        """Predict the whole volume; `options` are infer's own (models, planes, flips, focus). Raises what infer raises."""
        job = Job.model_validate(self.infer.post("/jobs", {"volume": volume, "model": model} | options))
        self.catalogue.note(author, "predict", volume, job.id)
        return job

    def cancel(self, service: str, job_id: str) -> Job:
        """Cancel a job of train or infer."""
        return Job.model_validate(self._client(service).post(f"/jobs/{job_id}/cancel"))

    def pause(self, service: str, job_id: str) -> Job:
        """Interrupt a running job of train or infer, to be resumed."""
        return Job.model_validate(self._client(service).post(f"/jobs/{job_id}/pause"))

    def preview(self, volume: str, request: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Predict a part of a slice at once: class, then confidence, and what infer says of them. Raises what infer raises."""
        response = self.infer.request("POST", "/preview", json=request | {"volume": volume}, timeout_s=_PREVIEW_S)
        return response.content, {name: value for name, value in response.headers.items() if name.startswith("x-")}

    def resume(self, service: str, job_id: str) -> Job:
        """Queue a job again that ended without success."""
        return Job.model_validate(self._client(service).post(f"/jobs/{job_id}/resume"))

    def jobs(self, service: str, volume: str | None = None, limit: int = 100) -> list[Job]:
        """List the jobs of train or infer, newest first."""
        return [Job.model_validate(entry) for entry in self._client(service).get("/jobs", volume=volume, limit=limit)]

    def newest_job(self, service: str, volume: str, *, of_reviews: bool = False) -> Job | None:
        """Give the newest job for a volume, of reviews or of all else; None also when the service is away (its light says so)."""
        try:
            return next((job for job in self.jobs(service, volume, limit=_LOOKED_AT) if (job.kind == "review") == of_reviews), None)
        except (ServiceUnavailable, ServiceTimeout):
            return None

    def log_of(self, service: str, job_id: str) -> str:
        """Read what a job wrote to standard error."""
        found: dict[str, Any] = self._client(service).get(f"/jobs/{job_id}/log", stream="stderr")
        return str(found["text"])

    def learners(self) -> list[dict[str, Any]]:
        """List the learners with their settings."""
        found: list[dict[str, Any]] = self.train.get("/learners")
        return found

    def models(self) -> list[dict[str, Any]]:
        """List the models of the registry."""
        found: list[dict[str, Any]] = self.registry.get("/models")
        return found

    def versions(self, name: str) -> list[dict[str, Any]]:
        """List the versions of a model, newest first; raises ModelNotFound."""
        found: list[dict[str, Any]] = self.registry.get(f"/models/{name}")["versions"]
        return found

    def lights(self) -> list[Light]:
        """Ask each service how it is."""
        return [Light(name="annotate", ok=True, message="running"), *(self._light(name) for name in ("registry", "train", "infer"))]

    def run_follow_ups(self) -> None:
        """Start the predictions whose training has succeeded; forget those whose training has not."""
        for job_id, volume, author in self.catalogue.follow_ups():
            try:
                job = Job.model_validate(self.train.get(f"/jobs/{job_id}"))
                if job.state is State.SUCCEEDED and job.result is not None:
                    model = job.result["model"]
                    with working_for(author):
                        self.start_prediction(volume, f"{model['name']}:{model['version']}", author)
            except (ServiceUnavailable, ServiceTimeout):
                continue  # it comes back: try again then
            except NotFound:
                log.warning("training job %s is gone", job_id)
            except VoxloopError as error:
                log.error("cannot predict after job %s: %s", job_id, error.message)  # noqa: TRY400 - the message says it all
            else:
                if not job.state.is_final:
                    continue
            self.catalogue.drop_follow_up(job_id)

    def close(self) -> None:
        """Let go of the connections."""
        for client in (self.registry, self.train, self.infer):
            client.close()

    def _client(self, service: str) -> ServiceClient:
        clients = {"registry": self.registry, "train": self.train, "infer": self.infer}
        if service not in clients:
            raise NotFound(f"no service {service!r}")
        return clients[service]

    def _light(self, name: str) -> Light:
        try:
            health = self._client(name).request("GET", "/health", timeout_s=2.0).json()
        except VoxloopError as error:
            return Light(name=name, ok=False, message=error.message)
        return Light(name=name, ok=True, message=_describe(health))


def _describe(health: dict[str, Any]) -> str:
    """Say in a line how a service is: where it runs, what it takes, how often it had to be started again."""
    devices = ", ".join(health["devices"])
    parts = [f"running{f' on {devices}' if devices else ''}", f"{health['queue_length']} jobs", f"{health['memory_bytes'] / 1e6:.0f} MB"]
    if health["restarts"]:
        parts.append(f"started again {health['restarts']} times")
    if health["container"]:
        parts.append(f"container {health['container']} of {health['image']}")
    return ", ".join(parts)
