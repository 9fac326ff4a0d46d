"""Colorizes many files: plans jobs, reads, colorizes and writes photos, and draws before/after sheets."""

from colorgan.inference.batch.before_after import write_sheets
from colorgan.inference.batch.jobs import Job, Plan, plan_jobs
from colorgan.inference.batch.pipeline import BatchOptions, colorize_files
from colorgan.inference.batch.result import BatchResult

__all__ = ["BatchOptions", "BatchResult", "Job", "Plan", "colorize_files", "plan_jobs", "write_sheets"]
