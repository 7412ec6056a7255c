"""The batch script: one allocation holds one stack, and says how to reach it."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.compose.conftest import VOXLOOP, Terminal
from tests.waiting import PATIENCE_S, wait_until
from voxloop_compose.kernel import processes_of
from voxloop_shared.client import ServiceClient

SCRIPT = Path(__file__).parents[2] / "compose" / "slurm" / "voxloop.sbatch"


def needed(*commands: str) -> None:
    """Skip where a command is missing, except in CI, which installs them all."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must have {', '.join(missing)}: see tests/install-system-packages")
    if missing:
        pytest.skip(f"no {', '.join(missing)} here: see tests/install-system-packages")


@pytest.fixture
def allocation(stand_ins: Terminal) -> Terminal:
    """A terminal as a batch script finds it, with a command that starts in a moment."""
    added = {
        "VOXLOOP": VOXLOOP,
        "USER": "ada",
        "SLURM_JOB_ID": "7",
        "SLURM_SUBMIT_HOST": "login1",
        "SLURMD_NODENAME": "node17",
        "XDG_RUNTIME_DIR": "/run/user/none",
    }
    stand_ins.environment |= added
    return stand_ins


def test_shellcheck_finds_nothing_to_complain_about():
    needed("shellcheck")
    done = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_says_how_to_come_in_and_ends_with_the_job(allocation: Terminal):
    root = allocation.folder / "ws"
    job = subprocess.Popen(["bash", str(SCRIPT), str(root)], env=allocation.environment, stdout=subprocess.PIPE, text=True)
    assert job.stdout is not None
    line = next(line for line in job.stdout if "ssh" in line)
    run_dir = allocation.run_dir_of(root)
    assert line.split() == ["ssh", "-J", "ada@login1", "-L", f"8050:{run_dir}/annotate/http.sock", "ada@node17"]
    with ServiceClient(run_dir / "annotate" / "http.sock") as client:
        assert client.get("/health")["service"] == "annotate"
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=PATIENCE_S)
    assert job.returncode == 0
    assert processes_of(run_dir) == []
    assert not (run_dir / "stack.json").exists()


def test_a_stack_that_does_not_start_fails_the_job(allocation: Terminal):
    root = allocation.folder / "ws"
    root.write_text("not a folder")
    done = subprocess.run(
        ["bash", str(SCRIPT), str(root)], env=allocation.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 1
    assert "is not a folder" in done.stderr
    assert "ssh" not in done.stdout


def test_a_missing_command_is_said(allocation: Terminal):
    allocation.environment["VOXLOOP"] = "voxloop-that-is-not-there"
    done = subprocess.run(["bash", str(SCRIPT)], env=allocation.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "activate its environment" in done.stderr) == (127, True)


def test_takes_the_gpus_of_the_allocation_into_containers(allocation: Terminal):
    told = allocation.folder / "voxloop"
    told.write_text('#!/bin/sh\necho "$@" >&2\n')
    told.chmod(0o700)
    allocation.environment |= {"VOXLOOP": str(told), "SLURM_JOB_GPUS": "1,3"}
    command = ["bash", str(SCRIPT), "/data/beamtime", "--runtime", "podman"]
    done = subprocess.run(command, env=allocation.environment, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "up /data/beamtime --no-tcp --runtime podman --gpu 1,3"


@dataclass
class Cluster:
    """Slurm's controller and one node, on this machine."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> str:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.strip()

    def state_of(self, job: str) -> str:
        return self.run("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T")


@pytest.fixture
def cluster(allocation: Terminal) -> Iterator[Cluster]:
    needed("slurmctld", "slurmd", "munged")
    if os.getuid() != 0:
        pytest.skip("to start Slurm's daemons needs root")
    folder = allocation.folder / "slurm"
    folder.mkdir(mode=0o755)
    allocation.folder.chmod(0o711)
    conf = _configure(folder)
    started = Cluster(folder, allocation.environment | {"SLURM_CONF": str(conf)})
    with ExitStack() as running:
        for command in _daemons(folder):
            with (folder / f"{command[0]}.out").open("w") as output:
                daemon = subprocess.Popen(command, env=started.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            running.callback(daemon.wait, 30)
            running.callback(daemon.terminate)
        wait_until(lambda: _is_idle(started))
        yield started


def _configure(folder: Path) -> Path:
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    host, ports = socket.gethostname().split(".")[0], [_free_port(), _free_port()]
    conf = folder / "slurm.conf"
    conf.write_text(f"""ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=20
NodeName={host} NodeAddr=127.0.0.1 CPUs=1 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    return conf


def _daemons(folder: Path) -> Iterator[list[str]]:
    files = [f"--{name}-file={folder}/munged.{name}" for name in ("log", "pid", "seed")]
    yield ["munged", "--foreground", "--force", f"--key-file={folder}/munge.key", f"--socket={folder}/munge.sock", *files]
    yield ["slurmctld", "-D", "-c"]
    yield ["slurmd", "-D"]


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _is_idle(cluster: Cluster) -> bool:
    asked = subprocess.run(["sinfo", "--noheader", "--format=%T"], env=cluster.environment, capture_output=True, text=True, check=False)
    return asked.stdout.strip() == "idle"


@pytest.mark.slow
def test_runs_in_a_real_allocation_until_it_is_cancelled(cluster: Cluster, allocation: Terminal):
    root, log = allocation.folder / "ws", cluster.folder / "job.log"
    job = cluster.run("sbatch", "--parsable", "--cpus-per-task=1", "--mem=100M", f"--output={log}", str(SCRIPT), str(root))
    wait_until(lambda: log.exists() and "ssh" in log.read_text())
    file = next(word.partition(":")[2] for word in log.read_text().split() if word.startswith("8050:"))
    with ServiceClient(Path(file)) as client:
        assert client.get("/health")["service"] == "annotate"
    assert cluster.state_of(job) == "RUNNING"
    cluster.run("scancel", job)
    wait_until(lambda: cluster.state_of(job) == "CANCELLED")
    run_dir = Path(file).parents[1]
    wait_until(lambda: not processes_of(run_dir) and not (run_dir / "stack.json").exists())
    assert "stopped" in log.read_text()
