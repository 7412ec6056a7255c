"""The page's document works below any prefix: it names no address from the root."""

import re
from collections.abc import Callable
from urllib.parse import urljoin


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
