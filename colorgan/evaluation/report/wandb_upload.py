"""Uploads a report to Weights & Biases."""

import csv
import json
from pathlib import Path
from typing import Any

from colorgan.training.loggers import wandb_offline_reason


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
    obstacle = wandb_offline_reason()
    run = wandb.init(
        project=project,
        name=folder.name,
        job_type="evaluation",
        dir=str(folder),
        config=document.get("record", {}),
        mode="offline" if obstacle else None,
    )
    try:
        metrics = document["metrics"]
        columns = ["system", *(metric["title"] for metric in metrics.values())]
        rows: list[list[Any]] = [
            [name, *(_value(system["results"].get(key)) for key in metrics)]
            for name, system in document["systems"].items()
        ]
        logged: dict[str, Any] = {"results": wandb.Table(columns=columns, data=rows, allow_mixed_types=True)}
        with (folder / "per_photo.csv").open(encoding="utf-8", newline="") as stream:
            head, *photos = list(csv.reader(stream))
        values_of = [[*row[:2], *map(_number, row[2:])] for row in photos]
        logged["photos"] = wandb.Table(columns=head, data=values_of, allow_mixed_types=True)
        if (folder / "sheet.png").is_file():
            logged["sheet"] = wandb.Image(str(folder / "sheet.png"))
        logged["report"] = wandb.Html((folder / "report.html").read_text(encoding="utf-8"), inject=False)
        run.log(logged)
        for name, *values in rows:
            run.summary.update({f"{name}/{key}": value for key, value in zip(metrics, values, strict=True)})
        url = run.url
    finally:
        run.finish()
    if obstacle or not url:
        reason = f"{obstacle}, so it" if obstacle else "it"
        return f"{reason} is stored offline; `wandb sync {folder / 'wandb'}/offline-run-*` uploads it later"
    return f"uploaded to {url}"


def _value(result: dict[str, Any] | None) -> float | None:
    return None if result is None or result["value"] is None else float(result["value"])  # "inf" is a text in JSON


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # None
        return None
