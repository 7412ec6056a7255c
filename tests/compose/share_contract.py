"""What every runtime owes to those with whom a workspace is shared; a test module gives the fixture `shared`."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sharing import Shared
from tests.waiting import wait_until
from voxloop_shared.settings import SERVICES, socket_path

CHANGES = [
    *(("POST", f"VOLUME/{what}") for what in ("strokes", "undo", "fills", "train", "predict", "live", "flags", "review")),
    *(("PUT", f"VOLUME/{what}") for what in ("labels", "classes")),
    ("DELETE", "VOLUME/classes/1"),
    ("POST", "/api/volumes"),
    ("POST", "/api/jobs/train/1/cancel"),
    ("POST", "/api/what-nobody-has-thought-of-yet"),
]


class SharingContract:
    """The kernel names the members of the group, roles say what they may, nobody else gets anything."""

    @pytest.fixture(autouse=True)
    def plain_roles(self, shared: Shared) -> Iterator[None]:
        """Take the roles away that a test has given."""
        yield
        shared.forget_roles()

    def test_two_members_paint_and_the_kernel_names_each(self, shared: Shared):
        ada, eva = shared.crew.ada, shared.crew.eva

        assert shared.paint(ada, value=1)[1]["author"] == ada.name
        assert shared.paint(eva, value=2, axis="y", index=2)[1]["author"] == eva.name

        strokes = shared.ask(ada, "GET", "VOLUME/history")[1]["strokes"]
        assert [stroke["author"] for stroke in strokes[:2]] == [eva.name, ada.name]

    def test_nobody_can_say_to_be_somebody_else(self, shared: Shared):
        status, answer = shared.ask(shared.crew.ada, "GET", "/api/me", **{"X-Voxloop-For": "root"})

        assert (status, answer["user"], answer["role"]) == (200, shared.crew.ada.name, "annotator")

    def test_a_stranger_gets_no_connection_and_no_file(self, shared: Shared):
        stranger, root = shared.crew.stranger, shared.stack.workspace

        assert shared.ask(stranger, "GET", "/health") == ("PermissionError", None)
        assert stranger.readable([root, root / "volumes", root / "run" / "stack.json"]) == []

    def test_a_stranger_is_refused_by_the_service_itself_even_with_a_way_to_the_socket(self, shared: Shared):
        """A mode that somebody has opened by mistake must not be all that keeps people out."""
        closed = {
            path: path.stat().st_mode for path in (shared.stack.workspace, shared.socket.parents[1], shared.socket.parent, shared.socket)
        }
        for path in closed:
            path.chmod(0o777)
        try:
            status, answer = shared.ask(shared.crew.stranger, "GET", "/api/volumes")
            assert (status, answer["error"]["type"]) == (403, "Forbidden")
            assert shared.ask(shared.crew.ada, "GET", "/api/volumes")[0] == 200
        finally:
            for path, mode in closed.items():
                path.chmod(stat.S_IMODE(mode))

    def test_members_reach_one_socket_only_and_the_token_of_nobody(self, shared: Shared):
        ada = shared.crew.ada
        for service in SERVICES:
            assert ada.ask(socket_path(shared.stack.run_dir, service), "GET", "/health") == ("PermissionError", None)
        assert sorted(path.name for path in (shared.stack.workspace / "run").iterdir()) == ["annotate", "stack.json"]
        public = json.loads((shared.stack.workspace / "run" / "stack.json").read_text())
        assert (public["url"], public["port"], public["share"]) == (None, None, shared.crew.group)

    def test_members_read_the_images_and_labels_and_nothing_else(self, shared: Shared):
        ada, root = shared.crew.ada, shared.stack.workspace
        shared.paint(ada)

        for folder in (root / "volumes", root / "labels"):
            inside = [path for path in folder.rglob("*") if not path.name.startswith(".")]
            assert inside
            assert ada.readable(inside) == inside
            assert not any(path.stat().st_mode & stat.S_IRWXO for path in inside)
        assert ada.readable(root / name for name in ("workspace.db", "jobs", "models", ".lock", ".annotate.lock")) == []
        assert ada.run("-c", f"import os; print(os.access({str(root)!r}, os.W_OK))").stdout == "False\n"
        assert mode_of(shared.socket) == "srw-rw----"
        assert mode_of(shared.socket.parent) == mode_of(root / "run") == "drwxr-s---"
        assert not root.stat().st_mode & stat.S_IRWXO

    def test_a_viewer_looks_and_changes_nothing(self, shared: Shared):
        eva = shared.crew.eva
        shared.role(eva, "viewer")
        before = shared.ask(eva, "GET", "VOLUME/history")[1]

        assert shared.ask(eva, "GET", "/api/me")[1] == {"user": eva.name, "role": "viewer", "may_change": False, "host": shared.host}
        assert shared.ask(eva, "GET", "VOLUME/slice?axis=z&index=1")[0] == 200
        status, answer = shared.paint(eva)
        assert status == 403
        assert (
            answer["error"]["message"] == f"{eva.name} may look at this workspace, not change it: ask {shared.host} for the role annotator"
        )
        for method, path in CHANGES:
            assert shared.ask(eva, method, path, {})[0] == 403, path
        assert shared.ask(eva, "PUT", f"/api/people/{eva.name}", {"role": "owner"})[0] == 403
        assert shared.ask(eva, "GET", "VOLUME/history")[1]["strokes"] == before["strokes"]

    def test_the_buttons_of_the_page_refuse_a_viewer_too(self, shared: Shared):
        eva = shared.crew.eva
        order = {"problem": None, "learner": "unet", "budget_s": 5, "parent": None, "accepted": "use", "settings": {}, "after": "nothing"}
        layout = shared.ask(eva, "GET", "/_dash-dependencies")[1]
        output = next(entry["output"] for entry in layout if "train-form.started" in entry["output"])
        call = dash_call(output, "train-start", [("events", "volume", shared.volume), ("train-form", "order", order)])
        ids = [part.rsplit(".", 1) for part in output.strip(".").split("...")]
        call["outputs"] = [{"id": name, "property": prop.split("@")[0]} for name, prop in ids]

        as_annotator = shared.ask(eva, "POST", "/_dash-update-component", call)
        shared.role(eva, "viewer")
        as_viewer = shared.ask(eva, "POST", "/_dash-update-component", call)

        assert as_annotator[0] == as_viewer[0] == 200
        assert f"ask {shared.host} for the role annotator" not in json.dumps(as_annotator[1])
        assert f"ask {shared.host} for the role annotator" in json.dumps(as_viewer[1])

    def test_jobs_carry_the_name_of_the_colleague_who_has_started_them(self, shared: Shared):
        ada = shared.crew.ada
        for z in (2, 5):
            for value in (1, 2):
                box = [[z, z + 1], [8 * value, 8 * value + 2], [5, 8]]
                assert shared.paint(ada, value=value, index=z, box=box)[0] == 201

        status, job = shared.ask(ada, "POST", "VOLUME/train", {"learner": "instant", "budget_s": 1, "after": "nothing"})

        assert status == 201, job
        assert job["author"] == ada.name
        wait_until(lambda: shared.terminal.json("jobs")["jobs"][0]["state"] == "succeeded")
        assert shared.terminal.json("jobs")["jobs"][0]["author"] == ada.name
        with shared.stack.acting(), shared.stack.client("registry") as registry:
            version = registry.get(f"/models/{shared.volume}/versions/latest")
        assert version["author"] == version["manifest"]["author"] == ada.name

    def test_only_owners_give_roles_and_the_host_stays_one(self, shared: Shared):
        ada, eva = shared.crew.ada, shared.crew.eva
        path, viewer = f"/api/people/{eva.name}", {"role": "viewer"}

        status, answer = shared.ask(ada, "PUT", path, viewer)
        assert (status, answer["error"]["message"]) == (
            403, f"{ada.name} may not change roles: an owner of this workspace may, as {shared.host} is"
        )  # fmt: skip
        shared.role(ada, "owner")
        assert shared.ask(ada, "PUT", path, viewer)[0] == 200
        assert shared.paint(eva)[0] == 403
        assert "stays its owner" in shared.ask(ada, "PUT", f"/api/people/{shared.host}", viewer)[1]["error"]["message"]
        assert shared.ask(ada, "DELETE", path)[0] == 200
        assert shared.paint(eva)[0] == 201

    def test_those_without_a_role_of_their_own_get_what_others_have(self, shared: Shared):
        ada, eva = shared.crew.ada, shared.crew.eva
        shared.terminal.json("share", "set", ada.name, "annotator")
        shared.terminal.json("share", "others", "viewer")

        assert shared.paint(ada)[0] == 201
        assert shared.paint(eva)[0] == 403
        found = shared.terminal.json("share", "list")
        assert (found["group"], found["host"], found["others"]) == (shared.crew.group, shared.host, "viewer")
        assert [(entry["user"], entry["role"], entry["author"]) for entry in found["people"]] == [(ada.name, "annotator", shared.host)]

    def test_roles_outlive_the_service(self, shared: Shared):
        shared.role(shared.crew.eva, "viewer")
        before = shared.stack.pid_of("annotate")

        os.kill(before, 9)

        wait_until(lambda: shared.stack.pid_of("annotate") not in (None, before) and shared.stack.health("annotate"))
        assert shared.paint(shared.crew.eva)[0] == 403
        assert shared.paint(shared.crew.ada)[0] == 201


def mode_of(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


def dash_call(output: str, trigger: str, states: list[tuple[str, str, Any]]) -> dict[str, Any]:
    """Make what the page sends when a button is pressed."""
    return {
        "output": output,
        "changedPropIds": [f"{trigger}.n_clicks"],
        "inputs": [{"id": trigger, "property": "n_clicks", "value": 1}],
        "state": [{"id": name, "property": prop, "value": value} for name, prop, value in states],
    }
