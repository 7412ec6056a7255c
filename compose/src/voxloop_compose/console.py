"""What the terminal shows: one JSON object or a table on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

Report = Callable[[float | None, str, float | None], None]
"""Takes progress (0..1, None while unknown), a message, and seconds to the end (None while unknown)."""


def print_json(value: Any) -> None:
    """Print one JSON object and nothing else."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def say(line: str) -> None:
    """Print a plain line that is the command's answer; never wrapped or coloured."""
    typer.echo(line)


def remark(line: str) -> None:
    """Say something beside the answer."""
    errors().print(line, markup=False, highlight=False, soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print rows, or a sentence when there are none."""
    lines = [[str(cell) for cell in row] for row in rows]
    if not lines:
        return remark(empty)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*line)
    width = None if sys.stdout.isatty() else 200  # a file or pipe is not 80 columns wide
    return Console(width=width, markup=False, highlight=False).print(table)


def errors() -> Console:
    """Give the console on standard error."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else 200)


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """Show a bar with the time that is left, on a terminal; say the title once elsewhere."""
    console = errors()
    if not console.is_terminal:
        remark(f"{title} …")
        yield lambda _done, _message, _eta_s: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[left]}"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[message]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _reporter(bar, bar.add_task(title, total=None, left="", message=""))


def _reporter(bar: Progress, task: TaskID) -> Report:
    def report(done: float | None, message: str, eta_s: float | None) -> None:
        left = seconds_left(bar, task, done) if eta_s is None else eta_s
        text = "" if done is None else f"{done:4.0%}" + ("" if left is None else f", {readable_s(left)} left")
        bar.update(task, total=None if done is None else 1.0, completed=done or 0.0, message=message[:60], left=text)

    return report


def seconds_left(bar: Progress, task: TaskID, done: float | None) -> float | None:
    """Estimate from the time so far."""
    elapsed = bar.tasks[task].elapsed
    return None if not done or elapsed is None or elapsed < 1.0 else elapsed * (1 - done) / done


def readable_s(seconds: float) -> str:
    """Write a duration for people: 42 s, 3 min, 1 h 05 min."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
