import math

import numpy as np
import pytest

from colorgan.evaluation.learning_rate_chart import draw_lr_curve
from colorgan.training.lr_finder import LRCurve
from tests.training.test_lr_finder import synthetic_curve


@pytest.mark.parametrize(
    "curve", [synthetic_curve(0.01), LRCurve((1e-3, 1e-2), (1.0, 1.0), (1.0, 1.0))], ids=["typical", "flat"]
)
def test_chart_marks_the_suggestion(curve: LRCurve) -> None:
    image = np.array(draw_lr_curve(curve, "a run"))
    mark = (image == (196, 60, 30)).all(axis=2)
    columns = np.flatnonzero(mark.sum(axis=0) > 300)
    assert len(columns) in (2, 3)
    fraction = math.log(curve.suggestion / curve.lrs[0]) / math.log(curve.lrs[-1] / curve.lrs[0])
    assert columns.mean() == pytest.approx(84 + fraction * (900 - 84 - 24), abs=2)
