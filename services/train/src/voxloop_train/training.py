"""A training job from its order to the published model."""

from typing import Any

from voxloop_shared.data.volumes import read_info
from voxloop_shared.files import write_json
from voxloop_shared.jobs.worker import JobContext
from voxloop_shared.nets.store import WeightStore
from voxloop_shared.nets.weights import file_digest, save_weights
from voxloop_shared.schemas import Manifest, ModelVersion
from voxloop_shared.workspace import Workspace
from voxloop_train.checkpoint import forget_checkpoint
from voxloop_train.learners.catalog import learner_of
from voxloop_train.learners.learner import Learned, Lesson
from voxloop_train.manifests import describe_model
from voxloop_train.orders import TrainOrder
from voxloop_train.publish import publish_model
from voxloop_train.settings import TrainSettings


def train_and_publish(context: JobContext, settings: TrainSettings) -> dict[str, Any]:
    """Train and publish, and give the job's result; a model that an earlier attempt has trained is only published."""
    order = TrainOrder.model_validate(context.spec)
    weights, description = context.checkpoint / "weights.safetensors", context.checkpoint / "manifest.json"
    if not description.exists():
        context.checkpoint.mkdir(exist_ok=True)
        lesson = _lesson(order, context, settings)
        learned = learner_of(order.learner).learn(lesson)
        save_weights(learned.weights, weights)
        write_json(description, _manifest(order, lesson, learned, context))
        forget_checkpoint(context.checkpoint)
    manifest = Manifest.model_validate_json(description.read_bytes())
    context.report("publishing the model", 1.0, 0.0)
    model = publish_model(
        settings.socket_of("registry"), order.register_as, manifest, weights, file_digest(weights), settings.registry_patience_s
    )
    return _result(model, order)


def _lesson(order: TrainOrder, context: JobContext, settings: TrainSettings) -> Lesson:
    workspace = Workspace(settings.workspace)
    learner = learner_of(order.learner)
    store = WeightStore(workspace.jobs / "train" / "models", settings.socket_of("registry"))
    return Lesson(
        workspace=workspace,
        volume=read_info(workspace, order.volume),
        snapshot=order.snapshot,
        classes=order.classes,
        settings=learner.settings.model_validate(order.config),
        budget_s=order.budget_s,
        report=context.report,
        checkpoint=context.checkpoint,
        parent=order.parent,
        resumes=True,
        by_hand=order.accepted == "ignore",
        parent_weights=store.fetch(order.parent) if order.parent else None,
    )


def _manifest(order: TrainOrder, lesson: Lesson, learned: Learned, context: JobContext) -> Manifest:
    settings = order.config | {"budget_s": order.budget_s, "accepted": order.accepted}
    return describe_model(lesson, learned, learner=order.learner, settings=settings, author=context.author, job=context.job_id)


def _result(model: ModelVersion, order: TrainOrder) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "model": model.ref.model_dump(),
        "snapshot": order.snapshot,
        "train_s": manifest.duration_s,
        "metrics": manifest.metrics,
    }
