"""The process runtime keeps the contract of runtimes."""

from tests.compose.contract import RuntimeContract


class TestProcesses(RuntimeContract):
    name = "process"
