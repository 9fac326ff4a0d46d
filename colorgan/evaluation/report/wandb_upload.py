"""Uploads a report to Weights & Biases."""

import csv
import json
from pathlib import Path
from typing import Any

from colorgan.training.wandb_runs import upload


def upload_report(folder: Path, project: str) -> str:
    """Logs a report as a run of the type ``evaluation``: tables of the results and of all photos, sheet and page.

    Without a key or a network connection, the run is stored in the folder, to be uploaded later.

    Args:
        folder: folder of the report.
        project: name of the project.

    Returns:
        A sentence on where it is.
    """
    import wandb  # slow to import

    document: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    metrics = document["metrics"]
    columns = ["system", *(metric["title"] for metric in metrics.values())]
    rows: list[list[Any]] = [
        [name, *(_value(system["results"].get(key)) for key in metrics)] for name, system in document["systems"].items()
    ]
    with (folder / "per_photo.csv").open(encoding="utf-8", newline="") as stream:
        head, *photos = list(csv.reader(stream))
    values_of = [[*row[:2], *map(_number, row[2:])] for row in photos]
    with upload(project, "evaluation", name=folder.name, folder=folder, config=document.get("record", {})) as started:
        logged: dict[str, Any] = {
            "results": wandb.Table(columns=columns, data=rows, allow_mixed_types=True),
            "photos": wandb.Table(columns=head, data=values_of, allow_mixed_types=True),
            "report": wandb.Html((folder / "report.html").read_text(encoding="utf-8"), inject=False),
        }
        if (folder / "sheet.png").is_file():
            logged["sheet"] = wandb.Image(str(folder / "sheet.png"))
        started.run.log(logged)
        for name, *values in rows:
            started.run.summary.update({f"{name}/{key}": value for key, value in zip(metrics, values, strict=True)})
    return started.outcome


def _value(result: dict[str, Any] | None) -> float | None:
    return None if result is None or result["value"] is None else float(result["value"])  # "inf" is a text in JSON


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # None
        return None
