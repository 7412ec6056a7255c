"""Post-processing chains named on the command line: a JSON file, or a preset."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from voxloop_shared.chain import PRESETS, Chain, preset
from voxloop_shared.errors import InvalidInput, UnreadableFile

ChainOption = Annotated[Path | None, typer.Option(metavar="FILE", help="JSON file with the post-processing steps.")]
PresetOption = Annotated[str | None, typer.Option(metavar="NAME", help=f"Post-processing steps by name: {', '.join(PRESETS)}.")]


def chosen_chain(path: Path | None, name: str | None) -> dict[str, Any] | None:
    """Give the chain that the options name, none without; raises InvalidInput, UnreadableFile."""
    if path is not None and name is not None:
        raise InvalidInput("--chain and --preset exclude each other")
    if name is not None:
        return preset(name).model_dump(mode="json")
    return None if path is None else read_chain(path.expanduser()).model_dump(mode="json")


def read_chain(path: Path) -> Chain:
    """Read a chain; raises UnreadableFile, and InvalidInput that names the field that is wrong."""
    try:
        return Chain.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidInput(f"{path.name} is no chain: {place}: {first['msg']}") from error
