"""Private parts of dependencies are used in ``colorgan.compat`` only, and each entry there equals a public function."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from torchmetrics.functional.image.lpips import learned_perceptual_image_patch_similarity

from colorgan.compat import lpips_network
from tests.helpers import REPOSITORY, photos

PACKAGE = REPOSITORY / "colorgan"
ALLOWED = ("compat.py",)
"""Files that may use private parts."""
DOCUMENTED = {"_asdict", "_fields", "_make", "_replace", "_exit"}
"""Public in spite of their names: methods of named tuples, and a function of ``os``."""
OWN_OBJECTS = {"self", "cls"}
ATTRIBUTE_FUNCTIONS = {"getattr", "hasattr", "setattr", "delattr"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_" and name not in DOCUMENTED


def defined_names(tree: ast.AST) -> set[str]:
    """The private names that a module defines: functions, classes, variables and attributes of ``self``."""
    names = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names |= {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    names |= {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "register_buffer"
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    return {name for name in names if is_private(name)}


def foreign_private_names(tree: ast.AST, own: set[str]) -> Iterator[tuple[int, str]]:
    """Line and name of each private part of a dependency.

    Args:
        tree: a module.
        own: the private names that the package itself defines.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] != "colorgan" and not node.level:
            path = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from ((node.lineno, name) for name in path if is_private(name))
        elif isinstance(node, ast.Import):
            path = [part for alias in node.names for part in alias.name.split(".")]
            yield from ((node.lineno, name) for name in path if is_private(name))
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            is_own = isinstance(node.value, ast.Name) and node.value.id in OWN_OBJECTS and node.attr in own
            if not is_own:
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
            "getattr",
            "hasattr",
            "setattr",
            "delattr",
        ):
            name = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else ""
            if isinstance(name, str) and is_private(name) and name not in own:
                yield node.lineno, name


def overridden_private_methods(tree: ast.AST, module: object) -> Iterator[tuple[int, str]]:
    """Line and name of each private attribute of a class that a base class outside of the package has as well."""
    for node in ast.walk(tree):
        found = getattr(module, node.name, None) if isinstance(node, ast.ClassDef) else None
        if not isinstance(found, type):
            continue
        foreign = [base for base in found.__mro__ if base.__module__.split(".")[0] != "colorgan"]
        for name in defined_names(node):
            if any(name in vars(base) for base in foreign):
                yield node.lineno, name


def sources() -> dict[Path, ast.AST]:
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))}


def is_allowed(file: Path) -> bool:
    return file.relative_to(PACKAGE).as_posix().startswith(ALLOWED)


def test_no_module_uses_a_private_part_of_a_dependency() -> None:
    trees = sources()
    own = set().union(*(defined_names(tree) for tree in trees.values()))
    used = [
        f"{file.relative_to(REPOSITORY)}:{line}: {name}"
        for file, tree in trees.items()
        if not is_allowed(file)
        for line, name in foreign_private_names(tree, own)
    ]
    assert used == []


def test_no_class_overrides_a_private_part_of_its_base_class() -> None:
    overridden = []
    for file, tree in sources().items():
        path = file.relative_to(REPOSITORY).with_suffix("")
        if is_allowed(file) or file.name == "__main__.py":
            continue
        module = importlib.import_module(".".join(path.parts).removesuffix(".__init__"))
        overridden += [f"{path}:{line}: {name}" for line, name in overridden_private_methods(tree, module)]
    assert overridden == []


@pytest.mark.parametrize(
    "code",
    [
        "from torch.nn.modules.batchnorm import _BatchNorm",
        "import torch._dynamo",
        "from timm.models._builder import build",
        "trainer._logger_connector",
        "self.trainer._results",
        "self._parent_attribute",
        "super()._prepare()",
        "getattr(dataset, '_images', None)",
    ],
)
def test_private_parts_are_found(code: str) -> None:
    assert len(list(foreign_private_names(ast.parse(code), own={"_own"}))) == 1


@pytest.mark.parametrize(
    "code",
    ["self._own", "cls._own()", "from colorgan.files import _own", "row._replace(a=1)", "x.__dict__", "_own = 1"],
)
def test_own_and_public_parts_are_not_found(code: str) -> None:
    assert list(foreign_private_names(ast.parse(code), own={"_own"})) == []


def test_overridden_private_parts_are_found() -> None:
    code = "class Own(torch.nn.Sequential):\n    def _apply(self, fn): ...\n    def _own(self): ..."
    namespace: dict[str, object] = {"torch": torch, "__name__": "colorgan.own"}
    exec(code, namespace)
    module = type("module", (), {"Own": namespace["Own"]})
    assert list(overridden_private_methods(ast.parse(code), module)) == [(1, "_apply")]


@pytest.mark.parametrize(("network", "name"), [("alex", "alexnet"), ("vgg", "vgg16")])
def test_lpips_equals_torchmetrics_public_function(
    network: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public function finds the same weights in torch's cache."""
    torch.manual_seed(0)
    state = getattr(torchvision.models, name)().state_dict()
    weights = torchvision.models.get_model_weights(name).DEFAULT
    monkeypatch.setattr(type(weights), "get_state_dict", lambda *_, **__: state)
    one, two = photos(2, seed=1, size=64) / 255, photos(2, seed=3, size=64) / 255
    expected = learned_perceptual_image_patch_similarity(one, two, network, reduction="none", normalize=True)
    model = lpips_network(network)
    model.net.load_state_dict({key: state[f"features.{key.partition('.')[2]}"] for key in model.net.state_dict()})
    assert torch.equal(model(one, two, normalize=True).flatten(), expected)
