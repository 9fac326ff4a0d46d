import pytest
from starlette.testclient import TestClient

from colorgan.web.server.guard import Guard
from tests.web.conftest import encoded

NAME = "this server does not answer under that name; open the address that it printed when it started"


def known(host: str, *, local: bool, names: tuple[str, ...] = ()) -> bool:
    async def app(scope: dict, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    return TestClient(Guard(app, local, names)).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:7860", "LOCALHOST:1", "localhost.", "127.0.0.1:7860", "127.1.2.3", "[::1]:7860", "[::1]"],
)
def test_names_of_this_machine(host: str) -> None:
    assert known(host, local=True)
    assert known(host, local=False)


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
def test_names_that_others_can_point_here(host: str) -> None:
    assert not known(host, local=True)
    assert not known(host, local=False)


def test_addresses_are_for_those_who_asked_to_be_public() -> None:
    for host in ("192.168.1.20:7860", "[fe80::1]:7860", "0.0.0.0:7860"):
        assert not known(host, local=True)
        assert known(host, local=False)
    assert known("Studio.lan:7860", local=False, names=("studio.lan",))
    assert known("photos.example", local=True, names=("photos.example",))


def test_another_name_is_refused_everywhere(client: TestClient) -> None:
    for path in ("/", "/page/main.js", "/api/about"):
        answer = client.get(path, headers={"host": "evil.example"})
        assert (answer.status_code, answer.json()) == (403, {"error": NAME})


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://localhost:7860.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_websites_cannot_make_a_browser_send_photos(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/photos", content=encoded(), headers=headers)
    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "this request came from another website, which is not allowed"},
    )
    assert client.delete("/api/photos/x", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://localhost:7860", "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]
)
def test_the_page_itself_and_scripts_may(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/photos", content=encoded(), headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/", "/page/style.css", "/api/about", "/nothing"])
def test_browsers_are_told_to_be_strict(client: TestClient, path: str) -> None:
    for host in ("localhost:7860", "evil.example"):
        headers = client.get(path, headers={"host": host}).headers
        policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] in ("no-store", "no-cache")
