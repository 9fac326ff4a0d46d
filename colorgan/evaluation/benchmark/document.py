"""The results of a grid as plain data."""

import math
from typing import Any

from colorgan.evaluation.benchmark.results import BenchmarkResults, VariantResult
from colorgan.evaluation.statistics import CONFIDENCE


def as_json(results: BenchmarkResults) -> dict[str, Any]:
    """Plain data for ``results.json``, without NaN and infinity."""
    return {
        "title": results.grid.title,
        "headline": results.headline.key,
        "confidence": CONFIDENCE,
        "spread_between_seeds": {
            "relative_std": results.spread.relative_std,
            "degrees_of_freedom": results.spread.degrees_of_freedom,
        },
        "gray_photos": dict(results.baselines),
        "taught_by": results.teachers,
        "published": {
            "metric": results.grid.published.metric,
            "protocol": results.grid.published.protocol,
            "source": results.grid.published.source,
            "rank_correlation": results.published_agreement.correlation,
            "chance": results.published_agreement.chance,
            "configurations": results.published_agreement.count,
        },
        "groups": [
            {
                "name": group.name,
                "title": group.title,
                "configurations": [_variant_as_json(result) for result in variants],
            }
            for group, variants in results.groups
        ],
    }


def _variant_as_json(result: VariantResult) -> dict[str, Any]:
    return {
        "name": result.variant.name,
        "parts": dict(result.variant.parts),
        "published": result.variant.published,
        "baseline": result.variant.baseline or None,
        "rank": list(result.rank_range) if result.rank_range else None,
        "metrics": {
            key: {
                "mean": summary.mean,
                "interval": [summary.interval.low, summary.interval.high] if summary.interval else None,
                "best_epoch_mean": summary.best,
                "by_seed": {str(seed): value for seed, value in summary.values.items()},
            }
            for key, summary in result.summaries.items()
        },
        "changes": {
            key: {
                "kind": change.kind,
                "value": change.estimate.value,
                "interval": [interval.low, interval.high] if (interval := change.estimate.interval) else None,
            }
            for key, change in result.changes.items()
        },
        "runs": [
            {
                "name": run.run.name,
                "seed": run.run.seed,
                "status": run.status,
                "error": run.record.error if run.record else "",
                "seconds": run.record.seconds if run.record else None,
                "attempts": run.record.attempts if run.record else None,
                "device": run.record.device if run.record else None,
                "version": run.record.version if run.record else None,
                "digest": run.record.digest if run.record else None,
                "epochs": run.epochs,
                "curves": {
                    key: [[epoch, value] for epoch, value in curve if math.isfinite(value)]
                    for key, curve in run.curves.items()
                },
            }
            for run in result.runs
        ],
    }
