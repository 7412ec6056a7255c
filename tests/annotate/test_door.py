"""The door lets in who has the token, from this machine's own names; the kernel names the rest."""

import re
import socket

import httpx
import pytest

from tests.annotate.conftest import RunningAnnotate
from voxloop_annotate.door import open_door


def test_without_token_every_route_is_401(annotate: RunningAnnotate) -> None:
    for path in ("/", "/api/volumes", "/static/voxloop.js", "/health", "/?token=wrong", "/_dash-layout"):
        assert httpx.get(annotate.door + path).status_code == 401, path
    assert httpx.post(annotate.door + annotate.base + "/undo").status_code == 401


def test_the_token_becomes_a_cookie_and_leaves_the_address(annotate: RunningAnnotate) -> None:
    with httpx.Client(base_url=annotate.door) as browser:
        answer = browser.get(f"/?token={annotate.token}&volume=stone")
        assert (answer.status_code, answer.headers["location"]) == (303, "/?volume=stone")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite" in cookie
        assert annotate.token not in cookie
        assert browser.get("/api/volumes").status_code == 200


def test_a_token_cannot_send_the_browser_to_another_site(annotate: RunningAnnotate) -> None:
    answer = httpx.get(f"{annotate.door}//evil.example/?token={annotate.token}")
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
def test_other_hosts_and_origins_are_403_even_with_the_cookie(annotate: RunningAnnotate, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=annotate.door) as browser:
        browser.get(f"/?token={annotate.token}")
        assert browser.get("/api/volumes", headers=headers).status_code == 403


def test_localhost_is_a_name_of_this_machine(annotate: RunningAnnotate) -> None:
    with httpx.Client(base_url=f"http://localhost:{annotate.port}") as browser:
        browser.get(f"/?token={annotate.token}")
        assert browser.get("/api/volumes", headers={"Origin": f"http://localhost:{annotate.port}"}).status_code == 200


def test_every_answer_carries_a_policy_that_names_no_other_host(annotate: RunningAnnotate) -> None:
    policy = annotate.client.request("GET", "/").headers["content-security-policy"]
    assert "script-src 'self' 'sha256-" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_the_page_is_the_same_for_any_path_below_a_proxy(annotate: RunningAnnotate) -> None:
    page = annotate.client.request("GET", "/").text
    assert re.search(r'href="static/v-\w+/voxloop.css"', page)
    assert "https://" not in page.replace("https:\\u002f\\u002fdash-version", "")


def test_answers_do_not_wait_to_be_acknowledged() -> None:
    with open_door(0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
