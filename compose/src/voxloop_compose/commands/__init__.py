"""The commands of `voxloop`, one file per topic."""

import typer

from voxloop_compose.commands import demo, deployments, images, jobs, models, results, share, stacks, volumes

_HELP = "Segment 3D images with a person in the loop: annotate a little, train, look, correct, train again."


def create_app() -> typer.Typer:
    """Wire the commands."""
    app = typer.Typer(
        name="voxloop", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=_HELP
    )
    for topic in (stacks, images, share, volumes, jobs, results, models, deployments, demo):
        topic.register(app)
    return app
