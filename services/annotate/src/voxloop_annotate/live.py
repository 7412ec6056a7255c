"""Live mode, as the pages have it: sessions that train holds, previews that infer makes of their models, and events about both."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voxloop_shared.client import ServiceClient
from voxloop_shared.errors import NewerManifest, NotFound, ServiceTimeout, ServiceUnavailable, Superseded, VoxloopError
from voxloop_shared.live import LiveModel, LiveState
from voxloop_shared.schemas import ModelVersion

log = logging.getLogger(__name__)

_WAIT_S = 10.0
_AGAIN_S = 0.5
_PREVIEW_S = 60.0
_MODELS = 3
"""So many of a session can be looked at: a page may ask for the last one while it is told of the next."""

Publish = Callable[[str | None, str, Any], None]


@dataclass
class _Watched:
    """What is known of a session."""

    volume: str
    models: dict[int, LiveModel] = field(default_factory=dict)

    def take(self, state: LiveState) -> None:
        """Remember the model of a state."""
        if state.model is not None:
            self.models[state.model.number] = state.model
            for number in sorted(self.models)[:-_MODELS]:
                del self.models[number]


class Live:
    """Passes on what pages ask of train and infer; `publish` tells the pages of a volume what has changed."""

    def __init__(self, train: ServiceClient, infer: ServiceClient, registry: ServiceClient, publish: Publish) -> None:
        self._train = train
        self._infer = infer
        self._registry = registry
        self._publish = publish
        self._watched: dict[str, _Watched] = {}
        self._changing = threading.Lock()
        self._closing = threading.Event()

    def start(self, volume: str, learner: str, client: str, *, starts_from_newest: bool = True) -> dict[str, Any]:
        """Start a session for a page, in place of its earlier one; raises what train refuses.

        What can go on from a model goes on from the volume's newest of that learner, unless it is to start from nothing.
        """
        parent = self._newest(volume, learner) if starts_from_newest else None
        body = {"volume": volume, "learner": learner, "client": client, "parent": parent}
        return self._seen(LiveState.model_validate(self._train.post("/live", body)))

    def stay(self, volume: str, session: str) -> dict[str, Any]:
        """Say that a page is still there, and give the state; raises NotFound for a session that has ended."""
        return self._seen(self._checked(volume, self._train.post(f"/live/{session}/stay")))

    def stop(self, volume: str, session: str) -> None:
        """End a session; raises NotFound."""
        self._find(volume, session)
        self._train.delete(f"/live/{session}")

    def keep(self, volume: str, session: str) -> ModelVersion:
        """Publish what a session has learned as a version of the volume's model; raises NotFound."""
        self._find(volume, session)
        return ModelVersion.model_validate(self._train.post(f"/live/{session}/keep"))

    def preview(self, volume: str, session: str, number: int, request: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Predict a part of a slice by a session's model; raises Superseded when there is a newer one, and what infer raises."""
        model = self._find(volume, session).models.get(number)
        if model is None:
            raise Superseded(f"model {number} of this session was replaced by a newer one")
        described = {"digest": model.digest, "manifest": model.manifest.model_dump(mode="json")}
        response = self._infer.request("POST", "/preview", json=request | {"volume": volume, "model": described}, timeout_s=_PREVIEW_S)
        return response.content, {name: value for name, value in response.headers.items() if name.startswith("x-")}

    def close(self) -> None:
        """Let the watching threads end."""
        self._closing.set()

    def _newest(self, volume: str, learner: str) -> str | None:
        if learner == "instant":
            return None
        try:
            found = ModelVersion.read(self._registry.get(f"/models/{volume}/versions/latest"))
        except (NotFound, NewerManifest, ServiceUnavailable, ServiceTimeout):
            return None
        return f"{found.name}:{found.version}" if found.manifest.learner == learner else None

    def _find(self, volume: str, session: str) -> _Watched:
        """Give what is known of a session; after a restart of this service it must be asked for first."""
        found = self._watched.get(session)
        if found is None:
            self._seen(self._checked(volume, self._train.get(f"/live/{session}")))
            found = self._watched[session]
        if found.volume != volume:
            raise NotFound(f"volume {volume!r} has no live session {session!r}")
        return found

    def _checked(self, volume: str, found: Any) -> LiveState:
        state = LiveState.model_validate(found)
        if state.volume != volume:
            raise NotFound(f"volume {volume!r} has no live session {state.id!r}")
        return state

    def _seen(self, state: LiveState) -> dict[str, Any]:
        """Remember a session, and watch it from now on."""
        with self._changing:
            known = self._watched.get(state.id)
            if known is None:
                known = self._watched[state.id] = _Watched(state.volume)
                threading.Thread(target=self._watch, args=(state.id, state.volume), daemon=True, name=f"live-{state.id}").start()
            known.take(state)
        return describe_live(state)

    def _watch(self, session: str, volume: str) -> None:
        """Tell the pages each change of a session until it has ended."""
        revision = -1
        while not self._closing.is_set():
            try:
                state = LiveState.model_validate(self._train.get(f"/live/{session}", after=revision, wait_s=_WAIT_S))
            except NotFound:
                break
            except (ServiceUnavailable, ServiceTimeout):
                self._closing.wait(_AGAIN_S)
                continue
            except VoxloopError:
                log.exception("cannot watch live session %s", session)
                break
            if state.revision > revision:
                revision = state.revision
                self._watched[session].take(state)
                self._tell(volume, describe_live(state))
        del self._watched[session]
        self._tell(volume, {"id": session, "phase": "ended"})

    def _tell(self, volume: str, event: dict[str, Any]) -> None:
        if not self._closing.is_set():  # else there is nobody left who could hear it
            self._publish(volume, "live", event)


def describe_live(state: LiveState) -> dict[str, Any]:
    """Give what a page needs to know of a session."""
    found = state.model_dump(mode="json", exclude={"model"})
    return found | {"model": None if state.model is None else _describe_model(state.model)}


def _describe_model(model: LiveModel) -> dict[str, Any]:
    manifest = model.manifest
    metrics = {name: manifest.metrics.get(name) for name in ("mean_dice", "dice_spread", "validation", "labelled_voxels")}
    about = {"number": model.number, "learn_s": model.learn_s, "made": model.made.isoformat(), "snapshot": manifest.snapshot}
    return about | metrics | {"classes": [entry.model_dump() for entry in manifest.classes]}
