"""Colorizes many files: plans jobs, reads, colorizes and writes photos, and draws before/after sheets."""

from colorgan.inference.batch.before_after import write_sheets
from colorgan.inference.batch.jobs import SIDE_BY_SIDE, Job, Plan, plan_jobs
from colorgan.inference.batch.pipeline import BatchOptions, colorize_files
from colorgan.inference.batch.result import BatchResult
from colorgan.inference.batch.variant_sheet import check_variant_sheet, write_variant_sheet

__all__ = [
    "SIDE_BY_SIDE",
    "BatchOptions",
    "BatchResult",
    "Job",
    "Plan",
    "check_variant_sheet",
    "colorize_files",
    "plan_jobs",
    "write_sheets",
    "write_variant_sheet",
]
