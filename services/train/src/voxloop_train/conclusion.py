"""The end of a training: its networks become one model whose confidence is calibrated, and a report of how good it is."""

from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor, nn

from voxloop_shared.nets.architectures import build_network
from voxloop_shared.nets.ensemble import EnsembleArchitecture, mean_logits
from voxloop_shared.nets.unet import UnetArchitecture
from voxloop_shared.nets.weights import copy_state, put_weights
from voxloop_train.answers import Answers, finite, judgement
from voxloop_train.calibration import calibration_error, fit_temperature, fold_temperatures
from voxloop_train.holdout import held_out_digest
from voxloop_train.material import Material
from voxloop_train.outcome import Trained
from voxloop_train.priors import choose_strength, estimate_priors, fold_shifts, shift_of, unlabelled_logits

Proportioned = tuple[Answers, Tensor, float]


class Conclusion(TypedDict):
    """Weights of the whole model, and its metrics."""

    weights: dict[str, Tensor]
    metrics: dict[str, Any]


def architecture_of(member: UnetArchitecture, members: int) -> UnetArchitecture | EnsembleArchitecture:
    """Give what the model is built as: a single network is no ensemble."""
    return member if members == 1 else EnsembleArchitecture(members=members, member=member)


def conclude(trained: list[Trained], member: UnetArchitecture, material: Material) -> Conclusion:
    """Calibrate each network by what it says of held-out strokes, and report how good all together are.

    Where held-out labels were given back, calibration and score are those of the networks from before.
    """
    answers, shifts, strengths = zip(*(_in_proportion(one, member, material) for one in trained), strict=True)
    truth, unit = answers[0].truth, answers[0].unit
    temperatures = [fit_temperature(found.logits, truth) for found in answers]
    network = build_network(architecture_of(member, len(trained)).model_dump())
    put_weights(network, _joined([one.weights for one in trained]))
    fold_shifts(network, list(shifts))
    fold_temperatures(network, temperatures)
    calibrated = _together([found.logits / temperature for found, temperature in zip(answers, temperatures, strict=True)])
    metrics = judgement(Answers(calibrated, truth, unit), material.classes) | {
        "calibration_error": finite(calibration_error(calibrated, truth)),
        "calibration_error_before": finite(calibration_error(_together([found.logits for found in answers]), truth)),
        "proportions": list(strengths),
        "temperature": [round(value, 4) for value in temperatures] if len(truth) else None,
    }
    return {"weights": copy_state(network), "metrics": metrics | _counts(trained, material)}


def _in_proportion(one: Trained, member: UnetArchitecture, material: Material) -> Proportioned:
    """Give what a network says of held-out voxels once it follows the volume's proportions, its shift for that, and how far it follows.

    How far it may follow is decided by the network that held-out strokes can judge, the proportions are those of the last one.
    """
    judged = _network(one.judged, member, material)
    found = material.validator.answers(judged, material.device, one.facts.batch)
    if not material.follows_proportions:
        return found, torch.zeros(found.logits.shape[1]), 0.0
    priors = _priors(judged, material)
    strength = choose_strength(found.logits, found.truth, priors)
    shift = shift_of(_priors(_network(one.weights, member, material), material), strength)
    return Answers(found.logits + shift_of(priors, strength), found.truth, found.unit), shift, strength


def _network(weights: dict[str, Tensor], member: UnetArchitecture, material: Material) -> nn.Module:
    network = build_network(member.model_dump())
    put_weights(network, weights)
    return material.device.place(network).eval()


def _priors(network: nn.Module, material: Material) -> Tensor:
    logits = unlabelled_logits(network, material.device, material.source, material.planes, seed=0)
    return estimate_priors(logits.softmax(dim=1))


def _together(logits: list[Tensor]) -> Tensor:
    """Give the ensemble's logits (voxels, classes)."""
    return logits[0] if len(logits) == 1 else mean_logits(torch.stack(logits))


def _joined(weights: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    if len(weights) == 1:
        return weights[0]
    return {f"members.{i}.{name}": value for i, state in enumerate(weights) for name, value in state.items()}


def _counts(trained: list[Trained], material: Material) -> dict[str, Any]:
    facts, split = [one.facts for one in trained], material.split
    is_given_back = any(one.given_back for one in facts)
    return {
        "held_out_voxels": len(split.held),
        "held_out": held_out_digest(split.held.coordinates(), split.held.number),
        "train_voxels": len(split.train),
        "strokes": len(np.unique(split.stroke)),
        "validation": split.note + (", and trained on in the last third, after this score" if is_given_back else ""),
        "given_back": is_given_back,
        "stopped_early": any(one.stopped_early for one in facts),
        "self_training": [one.self_training for one in facts],
        "self_training_dice": [one.self_training_dice for one in facts],
        "members": len(trained),
        "steps": sum(one.steps for one in facts),
        "best_step": facts[-1].best_step,
        "batch": min(one.batch for one in facts),
        "loss": finite(facts[-1].loss),
    }
