import pytest
from starlette.testclient import TestClient

from colorgan.web.server.security import SecurityMiddleware
from tests.web.conftest import photo_bytes

UNKNOWN_HOST = "unknown host name; open the address that colorgan printed when it started"


def is_accepted(host: str, *, local_only: bool, host_names: tuple[str, ...] = ()) -> bool:
    async def app(scope: dict, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    client = TestClient(SecurityMiddleware(app, local_only, host_names))
    return client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:7860", "LOCALHOST:1", "localhost.", "127.0.0.1:7860", "127.1.2.3", "[::1]:7860", "[::1]"],
)
def test_local_hosts_are_accepted(host: str) -> None:
    assert is_accepted(host, local_only=True)
    assert is_accepted(host, local_only=False)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:7860",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "user@localhost",
        "localhost@evil.example",
        "localhost:port",
        "localhost/evil.example",
        "localhost#",
        "[::1",
        "2130706433",
        "0x7f000001",
    ],
)
def test_hosts_that_could_be_rebound_are_rejected(host: str) -> None:
    assert not is_accepted(host, local_only=True)
    assert not is_accepted(host, local_only=False)


def test_public_hosts_are_accepted_only_when_configured() -> None:
    for host in ("192.168.1.20:7860", "[fe80::1]:7860", "0.0.0.0:7860"):
        assert not is_accepted(host, local_only=True)
        assert is_accepted(host, local_only=False)
    assert is_accepted("Studio.lan:7860", local_only=False, host_names=("studio.lan",))
    assert is_accepted("photos.example", local_only=True, host_names=("photos.example",))


def test_unknown_host_is_rejected_on_all_paths(client: TestClient) -> None:
    for path in ("/", "/page/main.js", "/api/info"):
        response = client.get(path, headers={"host": "evil.example"})
        assert (response.status_code, response.json()) == (403, {"error": UNKNOWN_HOST})


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://["},
        {"origin": "http://localhost:7860/path"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://localhost:7860.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_requests_from_other_websites_are_rejected(client: TestClient, headers: dict[str, str]) -> None:
    response = client.post("/api/photos", content=photo_bytes(), headers=headers)
    assert (response.status_code, response.json()) == (
        403,
        {"error": "requests from other websites are not allowed"},
    )
    assert client.delete("/api/photos/x", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://localhost:7860", "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]
)
def test_requests_from_the_page_and_from_scripts_are_accepted(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/photos", content=photo_bytes(), headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/", "/page/style/base.css", "/api/info", "/nothing"])
def test_every_response_has_security_headers(client: TestClient, path: str) -> None:
    for host in ("localhost:7860", "evil.example"):
        headers = client.get(path, headers={"host": host}).headers
        policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] in ("no-store", "no-cache")
