"""Two annotate services never write one workspace, however they were started."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.waiting import PATIENCE_S
from voxloop_shared.workspace import Workspace


def test_a_second_service_refuses_to_start_until_the_first_is_gone_however_it_went(
    start_service: Callable, workspace: Workspace, run_dir: Path
):
    first = start_service("annotate")
    elsewhere = {"VOXLOOP_ANNOTATE_WORKSPACE": str(workspace.root), "VOXLOOP_ANNOTATE_RUN_DIR": str(run_dir / "2")}
    command = [sys.executable, "-m", "voxloop_annotate"]
    second = subprocess.run(command, env=os.environ | elsewhere, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert second.returncode != 0
    assert "another annotate service writes this workspace" in second.stderr.splitlines()[-1]
    assert first.client.get("/health")["service"] == "annotate"
    first.kill()
    first.start()
    assert first.client.get("/health")["service"] == "annotate"
