"""The HTML shell of all reports: one self-contained file, in light and dark, for screens of any width and for print."""

import base64
import importlib.resources
from html import escape

__all__ = ["data_url", "document", "escape", "section", "table"]

_CONTENT_SECURITY_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""Makes the browser block any network request of the page."""


def document(title: str, body: str) -> str:
    """A complete page with the style sheet and the script of reports.

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
            f'<meta http-equiv="Content-Security-Policy" content="{_CONTENT_SECURITY_POLICY}">',
            f"<title>{escape(title)}</title>",
            f"<style>{_read_template('page.css')}</style></head>",
            f"<body>{body}",
            f"<script>{_read_template('page.js')}</script>",
            "</body></html>\n",
        ]
    )


def section(title: str, *parts: str, classes: str = "") -> str:
    """A section with a heading; empty if all its parts are empty."""
    if not any(parts):
        return ""
    attribute = f' class="{classes}"' if classes else ""
    return f"<section{attribute}><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def table(body: str, head: str = "", classes: str = "") -> str:
    """A table that scrolls sideways on narrow screens.

    Args:
        body: rows as HTML.
        head: header cells as HTML.
        classes: CSS classes of the table.
    """
    attribute = f' class="{classes}"' if classes else ""
    header = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<div class="scroll" tabindex="0"><table{attribute}>{header}<tbody>{body}</tbody></table></div>'


def data_url(content: bytes, image_format: str) -> str:
    """An encoded image as a ``data:`` URL.

    >>> data_url(b"abc", "png")
    'data:image/png;base64,YWJj'
    """
    return f"data:image/{image_format};base64,{base64.b64encode(content).decode('ascii')}"


def _read_template(name: str) -> str:
    return importlib.resources.files("colorgan.evaluation").joinpath("templates", name).read_text(encoding="utf-8")
