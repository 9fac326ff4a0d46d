from collections.abc import Iterator
from importlib.resources import files

import jinja2
import pytest

from colorgan.evaluation.rendering import render


@pytest.fixture(autouse=True)
def templates(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two small templates in place of those of the reports."""
    from colorgan.evaluation import rendering

    sources = {"page.html.jinja": "<p>{{ name }}</p>\n", "page.md.jinja": "# {{ name }}\n"}
    monkeypatch.setattr(rendering, "PackageLoader", lambda *_: jinja2.DictLoader(sources))
    rendering._environment.cache_clear()
    yield
    rendering._environment.cache_clear()


def test_pages_are_escaped_and_markdown_is_not() -> None:
    assert render("page.html.jinja", name="<b> & 'c'") == "<p>&lt;b&gt; &amp; &#39;c&#39;</p>\n"
    assert render("page.md.jinja", name="<b> & 'c'") == "# <b> & 'c'\n"


def test_missing_values_are_errors() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'name' is undefined"):
        render("page.html.jinja")


def test_only_charts_are_inserted_without_escaping() -> None:
    templates = files("colorgan.evaluation").joinpath("templates")
    unescaped = [
        line.strip()
        for template in templates.iterdir()
        if template.name.endswith(".jinja")
        for line in template.read_text(encoding="utf-8").splitlines()
        if "| safe" in line
    ]
    assert sorted(unescaped) == [
        '<div class="chart narrow">{{ narrow | safe }}</div>',
        '<div class="chart wide">{{ wide | safe }}</div>',
        "<figure>{{ svg | safe }}</figure>",
    ]
