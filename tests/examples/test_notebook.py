"""The notebook: valid and without results, and, run from the first to the last cell, a colorizer and its report."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import REPOSITORY

nbformat = pytest.importorskip("nbformat", reason="the notebook's format is not installed: pip install nbformat")

NOTEBOOK = REPOSITORY / "examples" / "colorgan.ipynb"
TINY = {
    'OPTIONS = ""': 'OPTIONS = "--data.size=32 --trainer.max_epochs=1 --trainer.limit_train_batches=2"',
    "LIMIT = 42": "LIMIT = 4",
}


@pytest.fixture
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_notebook_is_valid_and_has_no_results(notebook: Any) -> None:
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


def test_what_the_notebook_names_exists(notebook: Any) -> None:
    text = "\n".join(cell.source for cell in notebook.cells)
    files = re.findall(r"\b(?:configs|docs)/[\w/]+\.\w+", text)
    assert len(files) > 2
    assert all((REPOSITORY / file).is_file() for file in files)
    assert all(old in text for old in TINY)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_notebook_runs_in_a_clone(notebook: Any, tmp_path: Path) -> None:
    """Run with `pytest -m slow tests/examples/test_notebook.py`."""
    nbclient = pytest.importorskip("nbclient", reason="what runs notebooks is not installed: pip install nbclient")
    pytest.importorskip("ipykernel", reason="the kernel of notebooks is not installed: pip install ipykernel")
    (tmp_path / "examples").mkdir()
    (tmp_path / "configs").symlink_to(REPOSITORY / "configs")
    for cell in notebook.cells:
        for old, new in TINY.items():
            cell.source = cell.source.replace(old, new)
    nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(tmp_path / "examples")}}
    ).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [cell.source for cell in cells if any("image/png" in output.get("data", {}) for output in cell.outputs)]
    assert len(shown) == 4  # before and after, a hint, the sheet of the training, and the model that was trained
    (run,) = (tmp_path / "runs" / "notebook").iterdir()
    assert (run / "checkpoints" / "best.ckpt").is_file()
    (report,) = [
        output.data["text/markdown"]
        for cell in cells
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    ]
    assert report == (run / "report" / "report.md").read_text()
    assert "mean color" in report
