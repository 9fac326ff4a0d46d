"""Renders the templates of reports: HTML pages that are self-contained files, and Markdown."""

import base64
import functools
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def render(template: str, **context: Any) -> str:
    """Renders a template of ``colorgan/evaluation/templates``.

    Args:
        template: file name. Values are escaped in templates named ``*.html.jinja``.
        context: what the template shows.
    """
    return _environment().get_template(template).render(context)


def data_url(content: bytes, image_format: str) -> str:
    """An encoded image as a ``data:`` URL.

    >>> data_url(b"abc", "png")
    'data:image/png;base64,YWJj'
    """
    return f"data:image/{image_format};base64,{base64.b64encode(content).decode('ascii')}"


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("colorgan.evaluation", "templates"),
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
