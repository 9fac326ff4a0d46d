"""The documentation site: built as CI builds it, then read like a browser would."""

import ast
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("mkdocs", reason="the tools of the site are not installed: pip install 'colorgan[docs]'")
pytest.importorskip("mkdocstrings", reason="the tools of the site are not installed: pip install 'colorgan[docs]'")

ROOT = Path(__file__).parent.parent


class Links(HTMLParser):
    """Collects the targets of links, what a browser loads, and the anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.add(values.get("id") or "")
        target = values.get("href") or values.get("src") or ""
        if tag in ("img", "script", "iframe") or (tag == "link" and "stylesheet" in (values.get("rel") or "")):
            self.loaded.append(target)
        elif tag == "a":
            self.links.append(target)


def parse(page: Path) -> Links:
    parser = Links()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))  # warnings are errors
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    # the page for missing files is served at any address, so its links are absolute
    return {page: parse(page) for page in site.rglob("*.html") if page.name != "404.html"}


def test_home_is_the_readme_and_leads_to_the_guides(site: Path, pages: dict[Path, Links]) -> None:
    home = site / "index.html"
    assert "Build a model from parts" in home.read_text(encoding="utf-8")
    assert {"colorize/", "training/", "contributing/", "changelog/", "model-card/"} <= set(pages[home].links)
    assert "figures/app.jpg" in pages[home].loaded


def test_links_to_files_of_the_repository_show_them(site: Path, pages: dict[Path, Links]) -> None:
    path = "configs/recipes/landscapes_lab.yaml"
    assert f"../files/{path}/" in pages[site / "published-systems" / "index.html"].links
    shown = (site / "files" / path / "index.html").read_text(encoding="utf-8")
    assert (ROOT / path).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") in shown


def test_every_link_leads_somewhere(pages: dict[Path, Links]) -> None:
    broken = []
    for page, links in pages.items():
        for link in links.links + links.loaded:
            parts = urlsplit(link)
            if parts.scheme or link in ("", "."):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            fragment = unquote(parts.fragment)
            if not target.is_file() or (
                fragment and not fragment.startswith("__") and fragment not in pages[target].anchors
            ):
                broken.append((page.parent.name, link))
    assert broken == []


def test_tables_are_tables(site: Path) -> None:
    """The line below the head of a table is only shown where a table is none."""
    code = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
    shown = {page: code.sub("", page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert sum("<table>" in text for text in shown.values()) > 10
    assert [page.parent.name for page, text in shown.items() if re.search(r"\|\s*:?-{3,}:?\s*\|", text)] == []


def test_nothing_is_loaded_from_another_host(pages: dict[Path, Links]) -> None:
    assert {link for links in pages.values() for link in links.loaded if urlsplit(link).netloc} == set()


def public_definitions(path: Path) -> list[str]:
    """Full names of the public classes and functions in a file."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if module.startswith("colorgan.cli") or path.name == "__main__.py":
        return []
    body = ast.parse(path.read_text(encoding="utf-8")).body
    named = [item.name for item in body if isinstance(item, (ast.ClassDef, ast.FunctionDef))]
    return [f"{module}.{name}" for name in named if not name.startswith("_")]


def test_each_public_class_and_function_is_shown_once(pages: dict[Path, Links]) -> None:
    shown = Counter(anchor for links in pages.values() for anchor in links.anchors)
    defined = [name for path in (ROOT / "colorgan").rglob("*.py") for name in public_definitions(path)]
    assert len(defined) > 200
    assert {name: shown[name] for name in defined if shown[name] != 1} == {}


def test_arguments_are_tables_and_roles_are_links(site: Path, pages: dict[Path, Links]) -> None:
    reference = site / "api"
    text = (reference / "generators" / "index.html").read_text(encoding="utf-8")
    assert (
        "channels at full resolution, doubled at each downsampling step." in text
    )  # an argument of UNet, from its docstring
    assert (
        "../models/#colorgan.models.colorization.ColorizationNetwork"
        in pages[reference / "inference" / "index.html"].links
    )
    raw = [page for page in reference.rglob("*.html") if ":class:`" in page.read_text(encoding="utf-8")]
    assert raw == []
