"""build and images: what containers are started from."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from voxloop_compose import console
from voxloop_compose.target import JsonOption
from voxloop_shared.errors import InvalidInput
from voxloop_shared.settings import SERVICES


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (build, images):
        app.command()(command)


def build(
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Which images; all by default.")] = None,
    wheels: Annotated[Path | None, typer.Option(help="Folder of wheels to install from; by default pip gathers them.")] = None,
    base: Annotated[str | None, typer.Option(help="Image to begin with.", show_default="python:3.N-slim-bookworm")] = None,
) -> None:
    """Build the images for --runtime podman; what has not changed is taken from the cache."""
    from voxloop_compose.containers.building import build_image, default_base
    from voxloop_compose.containers.podman import ask_podman
    from voxloop_compose.containers.preflight import check_machine
    from voxloop_compose.containers.wheels import own_wheels, read_wheels

    wanted = services or list(SERVICES)
    if unknown := set(wanted) - set(SERVICES):
        raise InvalidInput(f"no service {', '.join(sorted(unknown))}: there are {', '.join(SERVICES)}")
    check_machine(ask_podman())
    with ExitStack() as gathered:
        if wheels is not None:
            found = read_wheels(wheels.expanduser().resolve())
        else:
            with console.progress("gathering wheels"):
                found = gathered.enter_context(own_wheels())
        for service in wanted:
            with console.progress(f"building {service}") as report:
                name = build_image(service, found, base or default_base(), lambda done, what, report=report: report(done, what, None))  # type: ignore[misc]
            console.say(name)


def images(as_json: JsonOption = False) -> None:
    """List the images of the services, and whether this command can start them."""
    from voxloop_compose.containers.images import list_images

    found = list_images()
    if as_json:
        return console.print_json({"images": [entry.model_dump(mode="json") for entry in found]})
    rows = [
        (
            entry.service,
            entry.name,
            entry.version,
            "ok" if entry.fits else "build again",
            f"{entry.size_bytes / 1e6:.0f} MB",
            f"{entry.created.astimezone():%Y-%m-%d %H:%M}",
        )
        for entry in found
    ]
    return console.print_table(("service", "image", "version", "", "size", "built"), rows, "no images: `voxloop build` makes them")
