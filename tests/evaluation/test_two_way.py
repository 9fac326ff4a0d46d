import numpy as np
import pytest
import scipy.stats

from colorgan.evaluation.two_way import Outcomes, compare_rates, estimate_rate, two_way_variance


def crossed(num_participants, num_photos):
    participants, photos = np.meshgrid(np.arange(num_participants), np.arange(num_photos), indexing="ij")
    return participants.ravel(), photos.ravel()


def answers(random, participants, photos, level, spread=0.7):
    """Answers that depend on the participant and on the photo."""
    odds = level + spread * random.normal(size=participants.max() + 1)[participants]
    odds += spread * random.normal(size=photos.max() + 1)[photos]
    return (random.random(len(odds)) < 1 / (1 + np.exp(-odds))).astype(float)


def true_rate(level, spread=0.7):
    draws = level + np.hypot(spread, spread) * scipy.stats.norm.ppf((np.arange(10_000) + 0.5) / 10_000)
    return float((1 / (1 + np.exp(-draws))).mean())


def test_variance_equals_the_sum_over_answers_that_share_a_cluster():
    random = np.random.default_rng(0)
    participants, photos = random.integers(0, 8, size=60), random.integers(0, 9, size=60)
    pairs = {pair: number for number, pair in enumerate(zip(participants.tolist(), photos.tolist(), strict=True))}
    chosen = sorted(pairs.values())  # one answer per participant and photo
    participants, photos = participants[chosen], photos[chosen]
    scores = random.normal(size=8)[participants] + random.normal(size=9)[photos] + random.normal(size=len(chosen))
    scores -= scores.mean()
    products = np.outer(scores, scores)
    same_participant, same_photo = (np.equal.outer(index, index) for index in (participants, photos))
    count = len(chosen)
    expected = (
        8 / 7 * products[same_participant].sum()
        + 9 / 8 * products[same_photo].sum()
        - count / (count - 1) * products[same_participant & same_photo].sum()
    )
    variance, degrees = two_way_variance(scores, participants, photos)
    assert variance == pytest.approx(expected)
    assert degrees == 7


def test_intervals_cover_the_truth_where_single_answers_would_not():
    random, runs = np.random.default_rng(1), 200
    participants, photos = crossed(15, 24)
    level = -0.8
    hits = naive = 0
    for _ in range(runs):
        outcomes = Outcomes(answers(random, participants, photos, level), participants, photos)
        interval = estimate_rate(outcomes).interval
        hits += interval.low <= true_rate(level) <= interval.high
        count = len(outcomes.success)
        exact = scipy.stats.binomtest(int(outcomes.success.sum()), count).proportion_ci(0.95, "wilson")
        naive += exact.low <= true_rate(level) <= exact.high
    assert 0.9 * runs <= hits <= 0.99 * runs
    assert naive < 0.8 * runs


def test_comparison_has_its_nominal_error_and_finds_a_difference():
    random, runs = np.random.default_rng(2), 120
    participants, photos = crossed(14, 20)
    first = (participants + photos) % 2 == 0
    wrong = found = 0
    for _ in range(runs):
        for level in (0.0, 1.2):
            success = answers(random, participants, photos, np.where(first, -0.5 + level, -0.5))
            one, two = (Outcomes(success[own], participants[own], photos[own]) for own in (first, ~first))
            p_value = compare_rates(one, two).p_value
            wrong += level == 0 and p_value < 0.05
            found += level > 0 and p_value < 0.05
    assert wrong <= 0.11 * runs
    assert found > 0.9 * runs


def test_answers_that_are_all_alike():
    participants, photos = crossed(5, 12)
    interval = estimate_rate(Outcomes(np.zeros(60), participants, photos)).interval
    expected = scipy.stats.binomtest(0, 5).proportion_ci(0.95, "exact")
    assert (interval.low, interval.high) == (0.0, pytest.approx(expected.high))
    same = Outcomes(np.zeros(60), participants, photos)
    assert compare_rates(same, same).p_value is None


def test_one_participant_says_nothing_about_others():
    estimate = estimate_rate(Outcomes(np.array([1.0, 0.0, 1.0]), np.zeros(3, dtype=int), np.arange(3)))
    assert estimate.value == pytest.approx(2 / 3)
    assert estimate.interval is None
