"""What the tests of both reports read from a page."""

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VOID_TAGS = {"meta", "img", "br", "input"}


class Page(HTMLParser):
    """A parsed page. Its tags have to be balanced.

    Attributes:
        text: all text outside of scripts, style sheets and charts.
        addresses: what the page would load.
        ids: ids of elements.
        scripts: the scripts.
        handlers: attributes that would run a script.
        policy: the content security policy.
        charts: number of charts.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.policy, self.charts = "", "", 0
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.charts += tag == "svg"
        self.addresses += [value for name, value in attributes.items() if name in ("src", "href", "srcset", "data")]
        self.handlers += [name for name in attributes if name.startswith("on")]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            self.scripts.append(data)
        elif "style" not in self.open and "svg" not in self.open:
            self.text += data


def check_self_contained(html: str, page: Page) -> None:
    """A page loads nothing, may not, has one main part, and its charts do not use each other's parts."""
    assert html.count("<main") == 1
    assert all(address.startswith(("data:image/", "#")) for address in page.addresses)
    assert "@import" not in html
    assert page.policy.startswith("default-src 'none'; img-src data:;")
    assert page.handlers == []
    assert len(page.ids) == len(set(page.ids))
    for address in page.addresses:
        assert not address.startswith("#") or address[1:] in page.ids


_MEASURE = """() => {
  const width = document.documentElement.clientWidth, shown = e => e.getBoundingClientRect().width > 0;
  const outside = e => { const box = e.getBoundingClientRect(); return box.left < -1 || box.right > width + 1 };
  const elements = [...document.querySelectorAll('body *')].filter(shown);
  document.querySelectorAll('details').forEach(e => { e.open = true });
  return {
    page: document.documentElement.scrollWidth - width,
    outside: elements.filter(e => !e.closest('.scroll table') && outside(e)).map(e => e.outerHTML.slice(0, 200)),
    charts: document.querySelectorAll('svg').length,
    missing: [...document.images].filter(e => !(e.complete && e.naturalWidth)).map(e => e.alt),
    tables: [...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth),
  };
}"""


def check_width(browser: "Browser", file: Path, width: int) -> list[int]:
    """A page does not scroll sideways, nothing but the insides of tables is cut off, and all pictures are there.

    Returns:
        By how many pixels each table is wider than its box, in which it scrolls.
    """
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(file.resolve().as_uri())
    for _ in range(2):  # the second time with all details open
        found = page.evaluate(_MEASURE)
        assert found["page"] == 0
        assert found["outside"] == []
        assert found["missing"] == []
    assert found["charts"] > 0
    page.close()
    return list(found["tables"])
