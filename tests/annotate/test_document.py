"""The page's document works below any prefix: it names no address from the root."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

from voxloop_annotate.pages import files


def test_no_address_begins_at_the_root(start_service: Callable):
    document = start_service("annotate").client.request("GET", "/").text
    addresses = re.findall(r'(?:src|href)="([^"]*)"', document)
    assert len(addresses) > 10
    assert [address for address in addresses if address.startswith(("/", "http"))] == []
    assert '"requests_pathname_prefix":"./"' in document


def test_however_deep_a_page_is_its_base_is_where_the_pages_begin(start_service: Callable):
    client = start_service("annotate").client
    for path in ("/", "/jobs", "/models", "/models/", "/models/nerve", "/models/nerve/versions/3"):
        (base,) = re.findall(r'<base href="([^"]*)">', client.request("GET", path).text)
        for prefix in ("", "/user/ada/proxy"):
            assert urljoin(f"http://host{prefix}{path}", base) == f"http://host{prefix}/", path


def test_a_browser_keeps_the_page_s_files_until_they_change(start_service: Callable):
    client = start_service("annotate").client
    addresses = re.findall(r'(?:href|src)="(static/[^"]*)"', client.request("GET", "/").text)
    assert {"voxloop.css", "voxloop.js"} <= {address.rpartition("/")[2] for address in addresses}
    for address in addresses:
        kept = client.request("GET", f"/{address}")
        assert "immutable" in kept.headers["cache-control"], address
    plain = client.request("GET", "/static/voxloop.css")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.content == client.request("GET", "/static/v-of-yesterday/voxloop.css").content


def test_a_changed_file_changes_the_address(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    (tmp_path / "one.mjs").write_text("export const one = 1;")
    before = files.files_address()
    assert files.files_address() == before
    (tmp_path / "one.mjs").write_text("export const one = 2;")
    assert files.files_address() != before
