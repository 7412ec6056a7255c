"""demo: the whole loop without a browser."""

from typing import Annotated

import typer

from voxloop_compose import console
from voxloop_compose.runtimes import PROCESS, RuntimeChoice
from voxloop_compose.target import JsonOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    learner: Annotated[str, typer.Option(help="What learns: unet, or instant, which takes seconds whatever the budget.")] = "unet",
    budget: Annotated[float, typer.Option(help="Seconds to train.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated annotator.")] = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the workspace.")] = False,
    runtime: Annotated[str, typer.Option(help="Where the services run: process, or podman (rootless containers).")] = PROCESS,
    as_json: JsonOption = False,
) -> None:
    """Run the loop on the demo volume: import, simulated strokes, train, predict, score."""
    from voxloop_compose.demo.loop import run_demo

    result = run_demo(learner=learner, budget_s=budget, seed=seed, keep=keep, runtime=RuntimeChoice(runtime))
    if as_json:
        return console.print_json(result)
    rows = [(name, f"{score:.3f}") for name, score in result["dice"].items()] + [("mean", f"{result['mean_dice']:.3f}")]
    console.print_table(("class", "Dice"), rows, "no scores")
    console.say(
        f"model {result['model']} from {result['strokes']} strokes ({result['labelled_voxels']} voxels): "
        f"trained {result['train_s']:.0f} s, predicted {result['predict_s']:.1f} s, {result['seconds']:.0f} s in all"
    )
    return console.remark(f"workspace kept: {result['workspace']}") if keep else None
