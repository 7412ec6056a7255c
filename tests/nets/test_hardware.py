import os
import subprocess
import sys

from voxloop_shared.nets.hardware import device_names, gpu_names, thread_count


def test_names_the_gpus_that_the_driver_lists(tmp_path):
    for number, model in enumerate(("NVIDIA A100", "NVIDIA H200")):
        folder = tmp_path / f"0000:0{number}:00.0"
        folder.mkdir()
        (folder / "information").write_text(f"Model: \t\t {model}\nIRQ: 1\n")
    assert gpu_names(tmp_path) == ["NVIDIA A100", "NVIDIA H200"]
    assert gpu_names(tmp_path, visible="") == []


def test_names_the_processor_with_the_threads_that_may_be_used():
    assert device_names()[-1].startswith(f"cpu: {thread_count()} threads, ")
    assert thread_count() == len(os.sched_getaffinity(0))


def test_the_web_processes_do_not_load_torch():
    code = "import voxloop_train.app, voxloop_infer.app, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
