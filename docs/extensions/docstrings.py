"""A Griffe extension: docstrings as Python tools know them, shown by mkdocstrings.

Docstrings refer to other objects by Sphinx roles, such as :class:`~colorgan.models.UNet`, which editors understand.
Here they become links. An absolute reference to something that the site does not show is a warning, which fails a
strict build.
"""

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod|obj):`(?P<short>~?)(?P<target>[\w.]+)`")
EXAMPLE = re.compile(r"^(\s*)Example:$", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Translates roles to cross-references, and shows every object once, in the module that defines it."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Goes through the package after it has been loaded, so that all names can be resolved."""
        self._visit(pkg)

    def _visit(self, item: griffe.Module | griffe.Class) -> None:
        self._translate(item)
        for member in item.members.values():
            if isinstance(member, griffe.Alias):
                member.public = False  # exports of a package are documented where they are defined
            elif isinstance(member, (griffe.Module, griffe.Class)):
                self._visit(member)
            else:
                self._translate(member)

    @staticmethod
    def _translate(item: griffe.Object) -> None:
        if item.docstring:
            text = ROLE.sub(lambda role: _link(role["target"], bool(role["short"]), item), item.docstring.value)
            item.docstring.value = EXAMPLE.sub(r"\1Examples:", text)  # the section that Griffe knows


def _link(target: str, short: bool, scope: griffe.Object) -> str:
    text = f"`{target.rpartition('.')[2] if short else target}`"
    path = target
    if not target.startswith("colorgan."):
        try:
            path = scope.resolve(target)
        except griffe.NameResolutionError:
            return text
    public = path.startswith("colorgan.") and not any(name.startswith("_") for name in path.split("."))
    return f"[{text}][{path}]" if public else text
