"""The frame of a page: one file that needs nothing else, light and dark, wide and narrow, on screen and on paper."""

import importlib.resources
from html import escape

__all__ = ["document", "escape", "section"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The browser itself sees to it that the page fetches nothing."""


def document(title: str, body: str) -> str:
    """A whole page.

    Args:
        title: plain text.
        body: HTML.
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{escape(title)}</title>",
            f"<style>{_resource('page.css')}</style></head>",
            f"<body>{body}",
            f"<script>{_resource('page.js')}</script>",
            "</body></html>\n",
        ]
    )


def section(title: str, *parts: str, classes: str = "") -> str:
    """A part of a page under a heading; nothing if all its parts are empty."""
    if not any(parts):
        return ""
    attribute = f' class="{classes}"' if classes else ""
    return f"<section{attribute}><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def _resource(name: str) -> str:
    return importlib.resources.files("colorgan.evaluation.report").joinpath(name).read_text(encoding="utf-8")
