"""The API reference shows every public module of the package, and the site every page of the reference."""

import pkgutil
import re
from collections import Counter
from pathlib import Path

import yaml

import colorgan

ROOT = Path(__file__).parent.parent
# the command line documents itself: `colorgan COMMAND --help`
WITHOUT_REFERENCE = ("colorgan.cli", "colorgan.__main__")
DIRECTIVE = re.compile(r"^::: (\S+)$((?:\n .*)*)", re.MULTILINE)


def public_modules() -> set[str]:
    found = pkgutil.walk_packages(colorgan.__path__, "colorgan.")
    return {module.name for module in found if not module.name.startswith(WITHOUT_REFERENCE)}


def documented_modules() -> Counter[str]:
    """How often each module is shown; a package is shown with its modules unless the page says otherwise."""
    shown: Counter[str] = Counter()
    for page in (ROOT / "docs" / "api").glob("*.md"):
        for name, options in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            inside = (
                () if "show_submodules: false" in options else (m for m in public_modules() if m.startswith(f"{name}."))
            )
            shown.update([name, *inside])
    return shown


def test_every_public_module_is_documented_once() -> None:
    shown = documented_modules()
    assert public_modules() - set(shown) == set(), "add `::: MODULE` to a page in docs/api/"
    assert set(shown) - public_modules() == set(), "these modules no longer exist"
    assert [name for name, count in shown.items() if count > 1] == []


def test_every_page_is_in_the_navigation() -> None:
    pages = {f"api/{page.name}" for page in (ROOT / "docs" / "api").glob("*.md")}
    pages |= {page.name for page in (ROOT / "docs").glob("*.md")}
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert pages - set(re.findall(r"[\w/-]+\.md", str(yaml.safe_load(text)["nav"]))) == set()
