"""Every public class must be found under the name that YAML files and checkpoints use."""

import importlib
import inspect

import pytest

from colorgan.models.config import Part, class_from_config, class_path

PACKAGES = ("colorgan.models", "colorgan.data", "colorgan.training")
NAMES = [
    (package, name)
    for package in PACKAGES
    for name in getattr(importlib.import_module(package), "__all__", ())
    if inspect.isclass(getattr(importlib.import_module(package), name))
]
every_class = pytest.mark.parametrize(("package", "name"), NAMES, ids=lambda value: value)


def test_models_export_classes() -> None:
    assert len([name for package, name in NAMES if package == "colorgan.models"]) > 30


@pytest.mark.parametrize("package", PACKAGES)
def test_all_exists_without_duplicates(package: str) -> None:
    module = importlib.import_module(package)
    names = getattr(module, "__all__", [])
    assert len(names) == len(set(names))
    assert all(hasattr(module, name) for name in names)


@every_class
def test_class_path_is_the_public_name(package: str, name: str) -> None:
    assert class_path(getattr(importlib.import_module(package), name)) == f"{package}.{name}"


@every_class
def test_class_is_found_by_its_public_name(package: str, name: str) -> None:
    cls = getattr(importlib.import_module(package), name)
    if not issubclass(cls, Part):
        pytest.skip("not a Part")
    assert class_from_config({"class_path": f"{package}.{name}", "init_args": {}}, Part) is cls
