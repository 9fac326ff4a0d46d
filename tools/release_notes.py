"""Prints the section of the changelog for a tag, and fails if the tag is not the version of the package.

python tools/release_notes.py v0.2.0 > notes.md
"""

import re
import sys
from pathlib import Path

from colorgan import __version__

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def notes(changelog: str, version: str) -> str:
    """The text below the heading ``## VERSION``, with or without a date.

    Raises:
        ValueError: if there is no such heading, or nothing below it.
    """
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    for section in sections:
        heading, _, text = section.partition("\n")
        if heading.split()[:1] == [version]:
            if not text.strip():
                raise ValueError(f"CHANGELOG.md has nothing below '## {version}'")
            return text.strip()
    raise ValueError(f"CHANGELOG.md has no section '## {version}'; rename '## Unreleased'")


def main(args: list[str]) -> int:
    """Prints the notes of the tag that is given."""
    (tag,) = args
    if tag != f"v{__version__}":
        sys.exit(f"error: the tag is {tag}, but colorgan/__init__.py says {__version__}; tag v{__version__}")
    try:
        print(notes(CHANGELOG.read_text(encoding="utf-8"), __version__))
    except ValueError as error:
        sys.exit(f"error: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
