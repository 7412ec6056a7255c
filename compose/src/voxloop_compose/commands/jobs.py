"""train, predict, jobs, logs and cancel: work that takes a while."""

import json
from typing import Annotated, Any

import typer

from voxloop_compose import console
from voxloop_compose.chain_files import ChainOption, PresetOption, chosen_chain
from voxloop_compose.job_watch import explain_end, find_job, follow_log, list_jobs, outcome, read_log, wait_for_job
from voxloop_compose.service_logs import follow_service_log, read_service_log
from voxloop_compose.target import JsonOption, Target, VolumeArgument, WorkspaceOption, find_target
from voxloop_shared.addresses import parse_model
from voxloop_shared.errors import InvalidInput, VoxloopError
from voxloop_shared.jobs.job import Job, State
from voxloop_shared.settings import SERVICES

WaitOption = Annotated[bool, typer.Option("--wait", help="Follow the job to its end.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("train", train), ("predict", predict), ("jobs", show_jobs), ("logs", logs), ("cancel", cancel)):
        app.command(name)(command)


def train(
    volume: VolumeArgument,
    learner: Annotated[str, typer.Option(help="Way to learn.")] = "unet",
    budget: Annotated[float, typer.Option(help="Seconds to train.")] = 60.0,
    register_as: Annotated[
        str | None, typer.Option("--register", metavar="NAME", help="Name of the model.", show_default="the volume's id")
    ] = None,
    parent: Annotated[
        str | None, typer.Option("--from", metavar="MODEL", help="Go on from this model: NAME, NAME@alias or NAME:version.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the learner; may be repeated.")
    ] = None,
    wait: WaitOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model on the newest labels of a volume."""
    if parent is not None:
        parse_model(parent)
    config = dict(_setting(text) for text in settings or [])
    target = find_target(workspace)
    order = {"volume": target.volume(volume).id, "snapshot": "latest", "learner": learner, "config": config, "budget_s": budget}
    submit_job(target, "train", order | {"parent": parent, "register_as": register_as}, wait, as_json)


def predict(
    volume: VolumeArgument,
    model: Annotated[list[str], typer.Option(metavar="MODEL", help="NAME, NAME@alias or NAME:version; several are fused.")],
    planes: Annotated[str | None, typer.Option(help="Orientations: z, zyx or nine.", show_default="the model's")] = None,
    flips: Annotated[bool, typer.Option("--flips", help="See each slice mirrored, too: four times as long.")] = False,
    chain: ChainOption = None,
    preset: PresetOption = None,
    wait: WaitOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Predict a whole volume with a model, or with several together."""
    for name in model:
        parse_model(name)
    steps = chosen_chain(chain, preset)
    target = find_target(workspace)
    order: dict[str, Any] = {"volume": target.volume(volume).id, "flips": flips}
    order |= {"model": model[0]} if len(model) == 1 else {"models": model}
    order |= ({"planes": planes} if planes else {}) | ({"chain": steps} if steps else {})
    submit_job(target, "infer", order, wait, as_json)


def show_jobs(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the jobs, newest first."""
    jobs = list_jobs(find_target(workspace))
    if as_json:
        return console.print_json({"jobs": [job.model_dump(mode="json") for job in jobs]})
    rows = [
        (j.id, j.title, j.state, "" if j.progress is None else f"{j.progress:.0%}", j.author, f"{j.created.astimezone():%m-%d %H:%M}")
        for j in jobs
    ]
    return console.print_table(("job", "what", "state", "done", "by", "created"), rows, "no jobs")


def logs(
    job: Annotated[str, typer.Argument(metavar="JOB|SERVICE", help=f"A job's id, or a service: {', '.join(SERVICES)}.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job ends.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Print the log of a job or service."""
    target = find_target(workspace)
    if job in SERVICES:
        pieces = follow_service_log(target.record, job) if follow else read_service_log(target.record, job)
    else:
        found = find_job(target, job)
        pieces = follow_log(target, found) if follow else read_log(target, found)
    for piece in pieces:
        typer.echo(piece, nl=False)


def cancel(job: Annotated[str, typer.Argument(metavar="JOB")], workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Cancel a job that waits or runs."""
    target = find_target(workspace)
    found = find_job(target, job)
    ended = Job.model_validate(target.post(found.service, f"/jobs/{found.id}/cancel"))
    console.print_json(outcome(ended)) if as_json else console.say(f"job {ended.id} is {ended.state}")


def submit_job(target: Target, service: str, order: dict[str, Any], wait: bool, as_json: bool, path: str = "/jobs") -> None:
    """Queue a job, wait for its end if asked to, and say what came of it."""
    job = Job.model_validate(target.post(service, path, order))
    job = _wait(target, job) if wait else job
    if as_json:
        console.print_json(outcome(job))
    elif job.state is State.SUCCEEDED:
        console.say(f"job {job.id} succeeded: {_describe(outcome(job))}")
    elif not wait:
        console.say(f"job {job.id} is {job.state}: `voxloop logs {job.id} --follow` shows it, `voxloop cancel {job.id}` ends it")
    if wait and job.state is not State.SUCCEEDED:
        raise VoxloopError(explain_end(job))


def _wait(target: Target, job: Job) -> Job:
    try:
        with console.progress(job.title) as report:
            return wait_for_job(target, job, report)
    except KeyboardInterrupt:
        console.remark(f"job {job.id} goes on; cancel it with: voxloop cancel {job.id}")
        raise typer.Exit(130) from None


def _describe(result: dict[str, Any]) -> str:
    plain = {key: value for key, value in result.items() if key not in ("job", "state") and not isinstance(value, (dict, list))}
    return ", ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in plain.items())


def _setting(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE, the value as JSON where it is, else as text."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise InvalidInput(f"--set {text!r} is no setting: write KEY=VALUE")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
