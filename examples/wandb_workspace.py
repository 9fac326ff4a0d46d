"""Makes a workspace in Weights & Biases with the charts that TensorBoard shows, the sample photos and their table.

    pip install 'wandb[workspaces]'
    python examples/wandb_workspace.py ENTITY PROJECT

``--print`` prints the workspace instead of saving it, which needs neither an account nor a network connection.
"""

import argparse
import sys

from wandb_workspaces import workspaces
from wandb_workspaces.reports.v2 import LinePlot, MediaBrowser, WeavePanelSummaryTable
from wandb_workspaces.workspaces import Section, Workspace

from colorgan.training.dashboard import CHARTS
from colorgan.training.sample_table import PHOTOS, SAMPLES

STEP = "trainer/global_step"


def workspace(entity: str, project: str) -> Workspace:
    """The workspace: photos first, then a section of line plots for each section of the dashboard."""
    photos = Section(
        name="Sample photos",
        is_open=True,
        panels=[
            MediaBrowser(title="sheets", media_keys=[f"val/{SAMPLES}"], num_columns=1),
            WeavePanelSummaryTable(table_name=f"val/{PHOTOS}"),
        ],
    )
    charts = [
        Section(
            name=section,
            is_open=True,
            panels=[
                LinePlot(title=title, x=STEP, metric_regex=pattern, max_runs_to_show=20)
                for title, pattern in titles.items()
            ],
        )
        for section, titles in CHARTS.items()
    ]
    return Workspace(
        entity=entity,
        project=project,
        name="colorgan",
        sections=[photos, *charts],
        settings=workspaces.WorkspaceSettings(x_axis=STEP, smoothing_type="none"),
    )


def main(arguments: list[str] | None = None) -> None:
    """Saves or prints the workspace."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("entity", help="user or team")
    parser.add_argument("project", help="such as colorgan")
    parser.add_argument("--print", action="store_true", help="print it instead of saving it")
    chosen = parser.parse_args(arguments)
    made = workspace(chosen.entity, chosen.project)
    if chosen.print:
        sys.stdout.write(f"{made}\n")
        return
    made.save()
    sys.stdout.write(f"{made.url}\n")


if __name__ == "__main__":
    main()
