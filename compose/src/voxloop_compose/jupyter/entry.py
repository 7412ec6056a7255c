"""What jupyter-server-proxy learns of voxloop (entry point `jupyter_serverproxy_servers`)."""

import sys
from pathlib import Path
from typing import Any

_READY_S = 20.0
"""The front itself is there in a fraction of a second; the stack starts with the first look at the page."""


def describe_server() -> dict[str, Any]:
    """Give the settings of the entry: which command listens on the Unix socket that Jupyter chooses, and how its icon looks."""
    return {
        "command": [sys.executable, "-P", "-m", "voxloop_compose.jupyter", "{unix_socket}"],
        "unix_socket": True,
        "timeout": _READY_S,
        "new_browser_tab": True,
        # JupyterLab draws icons of others in its categories Notebook and Console only
        "launcher_entry": {"title": "voxloop", "icon_path": str(Path(__file__).with_name("icon.svg")), "category": "Notebook"},
    }
