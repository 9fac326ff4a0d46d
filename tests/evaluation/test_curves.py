from pathlib import Path

import pytest

from colorgan.evaluation.curves import mean_curve, read_curves

METRICS = """\
epoch,step,train/l1,val/psnr,lr-Adam
0,0,0.5,,0.1
0,9,0.4,,0.1
0,9,,20.0,
1,10,0.3,,0.1
1,19,,21.5,
0.0,9,,20.5,
2,20,abc,nan,0.1
,21,0.2,,
"""


def test_last_value_of_each_epoch_counts(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text(METRICS)
    assert read_curves(file) == {"train/l1": [(0, 0.4), (1, 0.3)], "val/psnr": [(0, 20.5), (1, 21.5)]}


def test_infinite_values_are_kept(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,val/psnr\n0,inf\n")
    assert read_curves(tmp_path / "metrics.csv") == {"val/psnr": [(0, float("inf"))]}


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00\x01", b"epoch\n1\n", b"step,val/l1\n1,0.5\n"])
def test_files_without_curves_give_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "metrics.csv").write_bytes(content)
    assert read_curves(tmp_path / "metrics.csv") == {}
    assert read_curves(tmp_path) == {}


def test_mean_over_seeds_covers_shared_epochs() -> None:
    curves = [[(0, 1.0), (1, 2.0), (2, 9.0)], [(1, 4.0), (2, 10.0)], [(2, 11.0), (1, 6.0)]]
    assert mean_curve(curves) == [(1, 4), (2, 10)]
    assert mean_curve([[(0, 1.0)], [(1, 2.0)]]) == []
    assert mean_curve([]) == []
