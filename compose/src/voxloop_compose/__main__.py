"""The `voxloop` command."""

import logging
import sys
import warnings
from typing import NoReturn

import typer
from typer import TyperException

from voxloop_compose.commands import create_app
from voxloop_compose.signals import exit_on_termination
from voxloop_shared.errors import VoxloopError, from_os_error
from voxloop_shared.exits import exit_process


def main() -> NoReturn:
    """Run the command line; a failure that voxloop can name is one line and exit code 1."""
    exit_process(_run())


def _run() -> int:
    exit_on_termination()
    _silence_libraries()
    try:
        answer = create_app()(standalone_mode=False)
    except TyperException as error:
        return _fail(f"{error.format_message()} (voxloop --help says more)", error.exit_code)
    except typer.Abort:
        return _fail("interrupted", 130)
    except VoxloopError as error:
        return _fail(error.message, 1)
    except OSError as error:
        return _fail(from_os_error(error).message, 1)
    except SystemExit as leaving:
        answer = leaving.code
    return answer if isinstance(answer, int) else 0


def _silence_libraries() -> None:
    """Keep what libraries log and warn of from the terminal: their errors reach it as ours, in one line."""
    logging.basicConfig(handlers=[logging.NullHandler()])
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _fail(message: str, exit_code: int) -> int:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    return exit_code


if __name__ == "__main__":
    main()
