"""The models of a prediction, loaded once per device: all GPUs of the machine, or its CPU."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from voxloop_infer.model import Model, load_model
from voxloop_infer.settings import InferSettings
from voxloop_shared.nets.devices import Device, choose_device
from voxloop_shared.schemas import ModelVersion

Engine = list[Model]
"""Models on one device, which answer in the order of the first one's classes."""


def load_engines(models: Sequence[ModelVersion], settings: InferSettings) -> list[Engine]:
    """Load the models onto every device."""
    return [load_engine(models, settings, device) for device in all_devices()]


def load_engine(models: Sequence[ModelVersion], settings: InferSettings, device: Device | None = None) -> Engine:
    """Load the models onto one device."""
    engine = [load_model(model, settings, device) for model in models]
    for model in engine:
        model.speak_of(models[0].manifest.classes)
    return engine


def all_devices() -> list[Device]:
    """Give all GPUs if there are any, else the CPU."""
    first = choose_device()
    if not first.is_cuda:
        return [first]
    return [replace(first, torch=torch.device("cuda", number)) for number in range(torch.cuda.device_count())]
