"""The networks voxloop knows, each built from a plain dict of settings that travels in a model's manifest."""

from typing import Annotated, Any, assert_never

from pydantic import Field, TypeAdapter, ValidationError
from torch import nn

from voxloop_shared.errors import InvalidInput
from voxloop_shared.nets.ensemble import EnsembleArchitecture, EnsembleNetwork
from voxloop_shared.nets.pixel import PixelArchitecture, PixelNetwork
from voxloop_shared.nets.unet import Unet, UnetArchitecture

Architecture = UnetArchitecture | PixelArchitecture | EnsembleArchitecture

_ADAPTER: TypeAdapter[Architecture] = TypeAdapter(Annotated[Architecture, Field(discriminator="kind")])


def read_architecture(settings: dict[str, Any]) -> Architecture:
    """Check a manifest's architecture; raises InvalidInput for one that this version cannot build."""
    try:
        found = _ADAPTER.validate_python({"kind": "unet"} | settings)
    except ValidationError as error:
        raise InvalidInput(f"this version of voxloop cannot build the network {settings}: {error.errors()[0]['msg']}") from error
    slicing = unet_of(found)
    if slicing is not None and slicing.in_channels % 2 == 0:
        raise InvalidInput(f"in_channels {slicing.in_channels} is even: a slice has as many neighbours above as below")
    return found


def unet_of(architecture: Architecture) -> UnetArchitecture | None:
    """Give what sees slices: of an ensemble the member's architecture; None for a network that reads features."""
    match architecture:
        case UnetArchitecture():
            return architecture
        case EnsembleArchitecture():
            return architecture.member
        case _:
            return None


def build_network(architecture: dict[str, Any]) -> nn.Module:
    """Build an untrained network of a manifest's architecture."""
    checked = read_architecture(architecture)
    match checked:
        case UnetArchitecture():
            return Unet(checked)
        case PixelArchitecture():
            return PixelNetwork(checked)
        case EnsembleArchitecture():
            return EnsembleNetwork(checked)
        case _:
            assert_never(checked)


def heads_of(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Give the layers that make the logits, one per member; raises TypeError for what `build_network` does not build."""
    match network:
        case Unet():
            return [network.exit]
        case PixelNetwork():
            return [network.exit]
        case EnsembleNetwork():
            return [head for member in network.members for head in heads_of(member)]
        case _:
            raise TypeError(f"{type(network).__name__} is no network of voxloop")
