"""Intervals and the area under the ROC curve, on numbers that a hand can follow."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from bcweb.statistics import (
    LEAST_GROUPS,
    auc,
    auc_difference,
    auc_gain,
    auc_interval,
    auc_of_columns,
    calibration_bins,
    calibration_error,
    group_bootstrap,
    kappa,
    mean_count,
    paired_difference,
    proportion,
    rank_correlation,
    ratio,
    repeated_difference,
    repeated_mean,
)


def test_the_estimate_is_the_statistic_of_all_cases():
    values, groups = [0.0, 0.5, 1.0, 0.9], ["a", "b", "c", "d"]
    assert group_bootstrap(values, groups).estimate == pytest.approx(0.6)
    assert group_bootstrap(values, groups, np.median).estimate == pytest.approx(0.7)


def test_the_interval_of_one_group_that_differs_has_the_means_that_the_draws_can_have():
    # It is drawn k of 10 times, k binomial (10, 1/10): none 34.9%, at most 2 93.0%, at most 3 98.7% of the time.
    one = [1.0] + [0.0] * 9
    assert group_bootstrap(one, range(10)) == pytest.approx((0.1, 0.0, 0.3))
    assert group_bootstrap(one, range(10), level=0.8) == pytest.approx((0.1, 0.0, 0.2))
    # In it two cases of eleven: 2 k / (2 k + 10 - k).
    two = group_bootstrap([1.0, *one], [0, *range(10)])
    assert two == pytest.approx((2 / 11, 0.0, 6 / 13))


def test_copies_within_a_group_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    values = rng.random(40)
    alone = group_bootstrap(values, range(40))
    copied = group_bootstrap(np.repeat(values, 10), np.repeat(range(40), 10))
    assert copied == pytest.approx(alone)
    independent = group_bootstrap(np.repeat(values, 10), range(400))
    assert independent.high - independent.low < 0.5 * (alone.high - alone.low)


def test_the_interval_of_a_mean_is_about_two_standard_errors_each_way():
    values = np.random.default_rng(2).normal(10.0, 2.0, 400)
    estimate, low, high = group_bootstrap(values, range(400), resamples=5000)
    error = values.std() / math.sqrt(400)
    assert low == pytest.approx(estimate - 1.96 * error, abs=0.03)
    assert high == pytest.approx(estimate + 1.96 * error, abs=0.03)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_the_fast_ways_give_what_resampling_case_by_case_gives(statistic):
    rng = np.random.default_rng(3)
    values = rng.random(31).round(1)  # with ties
    groups = rng.integers(0, 14, 31).tolist()
    fast = group_bootstrap(values, groups, statistic, resamples=300)
    slow = group_bootstrap(values, groups, lambda cases: statistic(cases), resamples=300)
    assert fast == pytest.approx(slow) and fast.low < fast.high


@pytest.mark.parametrize(
    ("statistic", "columns"),
    [(ratio, 2), (auc_of_columns, 3), (auc_difference, 4), (rank_correlation, 2), (kappa, 2)],
)
def test_the_fast_ways_of_columns_give_what_resampling_case_by_case_gives(statistic, columns):
    rng = np.random.default_rng(3)
    values = rng.random((31, columns)).round(1)  # with ties
    if statistic in (auc_of_columns, auc_difference):
        values[:, 0] = rng.integers(0, 2, 31)  # of two networks
        values[:, -1] = np.arange(31) < 4  # now and then none of them is drawn
    groups = rng.integers(0, 14, 31).tolist()
    fast = group_bootstrap(values, groups, statistic, resamples=300)
    slow = group_bootstrap(values, groups, lambda rows: statistic(rows), resamples=300)
    assert fast == pytest.approx(slow) and fast.low < fast.high


def test_the_fast_way_of_kappa_leaves_out_what_the_plain_one_does():
    """Draws on which both give one answer throughout have none; and the answers need not come in order."""
    rows = np.array([(7, 7)] * 28 + [(7, 2), (2, 2), (5, 2)], float)
    groups = [n % 14 for n in range(28)] + [14, 15, 15]
    calls = []

    def plain(drawn):
        calls.append(kappa(drawn))
        return calls[-1]

    slow = group_bootstrap(rows, groups, plain, resamples=300)
    assert np.isnan(calls).any()
    assert group_bootstrap(rows, groups, kappa, resamples=300) == pytest.approx(slow)


def test_what_has_no_estimate_is_not_drawn_again():
    calls = []
    found = group_bootstrap(np.ones((20, 2)), range(20), lambda rows: calls.append(1) or math.nan)
    assert all(math.isnan(value) for value in found)
    assert len(calls) == 1


def test_ranks_are_correlated_not_values():
    # Ranks 1 2 3 4 against 1 3 2 4: 1 - 6 (0 + 1 + 1 + 0) / (4 (16 - 1)).
    assert rank_correlation(np.array([(1, 1), (2, 300), (3, 20), (400, 4000)])) == pytest.approx(
        0.8
    )
    # Ranks 1 2.5 2.5 4 against 1 2 3 4: covariance 4.5, variances 4.5 and 5.
    tied = np.array([(0, 1), (5, 2), (5, 3), (9, 4)])
    assert rank_correlation(tied) == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert math.isnan(rank_correlation(np.array([(1, 1), (1, 2)])))


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(4).random(50)
    assert group_bootstrap(values, range(50), seed=5) == group_bootstrap(values, range(50), seed=5)
    assert group_bootstrap(values, range(50), seed=5) != group_bootstrap(values, range(50), seed=6)


def has_none(interval) -> bool:
    return math.isnan(interval.low) and math.isnan(interval.high)


def test_few_groups_have_an_estimate_and_no_interval():
    """Of normal differences without a true one, the percentiles of two groups leave 0 out every second time."""
    values = np.linspace(0.1, 1.0, 10)
    for groups in (1, 2, 9):
        found = group_bootstrap(values, [i % groups for i in range(10)])
        assert found.estimate == pytest.approx(0.55) and has_none(found), f"{groups} groups"
        assert has_none(repeated_mean([values, values], [i % groups for i in range(10)]))
    assert LEAST_GROUPS == 10
    assert not has_none(group_bootstrap(values, range(10)))
    assert not has_none(repeated_mean([values, values], range(10)))


# Twelve groups, the first of which has a case more.
UNEQUAL = [0, *range(12)]


@pytest.mark.parametrize(
    ("found", "estimate"),
    [
        (group_bootstrap([0.0] * 13, UNEQUAL), 0),
        (group_bootstrap([0.7] * 13, UNEQUAL), 0.7),
        (group_bootstrap([0.7] * 13, UNEQUAL, np.median), 0.7),
        (group_bootstrap(np.array([(1, 2)] * 13), UNEQUAL, ratio), 0.5),
        (proportion([True, False] * 12, [i // 2 for i in range(24)]), 0.5),
        (mean_count([0, 1] * 12, [i // 2 for i in range(24)]), 0.5),
        (auc_interval([0.3] * 24, [True, False] * 12, range(24)), 0.5),
        (auc_gain([0.3] * 24, [0.4] * 24, [True, False] * 12, range(24)), 0),
        (paired_difference(np.arange(13) + 0.19, np.arange(13), UNEQUAL), 0.19),
        (repeated_mean([[0.2] * 13], UNEQUAL), 0.2),
        (repeated_difference([[0.2] * 13], [[0.1] * 13], UNEQUAL), 0.1),
    ],
)
def test_groups_that_are_all_alike_have_an_estimate_and_no_interval(found, estimate):
    """Drawn again they would show one answer, and the bootstrap would be certain of it."""
    assert found.estimate == pytest.approx(estimate) and has_none(found)


def test_one_case_apart_does_not_move_the_median_and_proves_nothing():
    """It is drawn six times of twelve once in a thousand: both ends would be those of the eleven."""
    found = group_bootstrap([1.0] + [0.4] * 11, range(12), np.median)
    assert found.estimate == 0.4 and has_none(found)


def test_a_median_of_many_cases_fits_in_memory():
    values = np.random.default_rng(9).random(4000)
    tracemalloc.start()
    try:
        found = group_bootstrap(values, [i // 100 for i in range(4000)], np.median)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.low < found.estimate < found.high
    assert most < 64_000_000, "2,000 resamples of 4,000 cases are 64 MB if all are held at once"


@pytest.mark.parametrize(
    ("values", "groups", "sentence"),
    [
        ([], [], "no cases"),
        ([1.0, 2.0], ["a"], "2 values and 1 groups"),
        ([1.0, math.nan], ["a", "b"], "finite"),
    ],
)
def test_what_cannot_be_resampled_is_refused(values, groups, sentence):
    with pytest.raises(ValueError, match=sentence):
        group_bootstrap(values, groups)


def test_a_paired_difference_is_that_of_the_differences():
    # 0.1 once and else -0.1: the first is drawn at most 3 of 10 times, as above.
    hard_and_easy = np.random.default_rng(6).random(10)
    shifted = hard_and_easy + np.array([0.1] + [-0.1] * 9)
    assert paired_difference(shifted, hard_and_easy, range(10)) == pytest.approx(
        (-0.08, -0.1, -0.04)
    )


def test_pairs_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        paired_difference([1.0], [1.0, 2.0], "a")


def test_one_training_has_the_interval_of_its_cases():
    first, second = np.random.default_rng(0).random((2, 40))
    groups = [i // 3 for i in range(40)]  # 14 of them
    assert repeated_mean([first], groups) == pytest.approx(group_bootstrap(first, groups))
    assert repeated_difference([first], [second], groups) == pytest.approx(
        paired_difference(first, second, groups)
    )


def test_of_two_trainings_either_may_be_the_one_that_is_drawn():
    first, second = [[0.2] * 10, [0.6] * 10], [[0.1] * 10, [0.3] * 10]
    assert repeated_mean(first, range(10)) == pytest.approx((0.4, 0.2, 0.6))
    # Each side by itself: 0.2 or 0.6, less 0.1 or 0.3.
    assert repeated_difference(first, second, range(10)) == pytest.approx((0.2, -0.1, 0.5))
    # Of a training that no other stands beside, the chance is not known.
    assert repeated_difference(first, second[:1], range(10)) == pytest.approx((0.3, 0.1, 0.5))


def test_few_trainings_show_the_whole_of_their_spread():
    """A mean of 9 has a standard error of s / 3, with n - 1 in s, though the drawn ones are 8."""
    trainings = np.random.default_rng(0).normal(size=9)
    _, low, high = repeated_mean(np.repeat(trainings[:, None], 10, axis=1), range(10), 20_000)
    assert (high - low) / (2 * 1.96) == pytest.approx(trainings.std(ddof=1) / 3, rel=0.05)


def test_trainings_of_other_cases_are_refused():
    with pytest.raises(ValueError, match="the same cases"):
        repeated_difference([[1.0, 2.0]], [[1.0]], "ab")
    with pytest.raises(ValueError, match="2 values and 1 groups"):
        repeated_mean([[1.0, 2.0]], "a")
    with pytest.raises(ValueError, match="no cases"):
        repeated_mean(np.zeros((2, 0)), "")


def test_a_share_between_none_and_all_is_resampled():
    share = proportion([True] * 30 + [False] * 70, range(100), resamples=5000)
    assert share.estimate == pytest.approx(0.3) and share.method == "bootstrap"
    assert share.low == pytest.approx(0.21, abs=0.015)  # 0.3 -+ 1.96 sqrt(0.3 x 0.7 / 100)
    assert share.high == pytest.approx(0.39, abs=0.015)


def test_none_of_ten_may_still_be_a_third():
    # Clopper-Pearson: 1 - 0.025 ** 0.1 = 0.3085
    share = proportion([False] * 10, range(10))
    assert share[:3] == pytest.approx((0.0, 0.0, 0.3085), abs=1e-4)
    assert share.method == "clopper-pearson"


def test_all_of_ten_may_still_be_two_thirds():
    assert proportion([True] * 10, range(10))[:3] == pytest.approx((1.0, 0.6915, 1.0), abs=1e-4)


def test_all_alike_counts_groups_not_cases():
    cases_in_five_groups = proportion([False] * 50, [i % 5 for i in range(50)])
    assert cases_in_five_groups.high == pytest.approx(1 - 0.025 ** (1 / 5))


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no cases"):
        proportion([], [])


def test_auc_counts_the_pairs_in_the_right_order():
    # Positives 0.9, 0.4; negatives 0.5, 0.4, 0.1: 3 wins, then 1 win, 1 tie and 1 loss: 4.5 of 6.
    assert auc([0.9, 0.4, 0.5, 0.4, 0.1], [1, 1, 0, 0, 0]) == 4.5 / 6
    assert auc([0.1, 0.9], [False, True]) == 1.0
    assert auc([0.5, 0.5], [False, True]) == 0.5


def test_scores_of_two_networks_are_not_compared_with_each_other():
    # Each ranks its own perfectly, on scales of its own; pooled, 0.3 would lose against 0.6.
    scores, positives = [0.9, 0.6, 0.3, 0.1], [True, False, True, False]
    assert auc(scores, positives) == 3 / 4
    assert auc(scores, positives, ["a", "a", "b", "b"]) == 1
    # 2 of 2 pairs of one network, 0 of 1 of the other: pairs count, not networks.
    assert auc([0.9, 0.8, 0.1, 0.2, 0.7], [1, 1, 0, 1, 0], list("aaabb")) == pytest.approx(2 / 3)
    assert math.isnan(auc([0.9, 0.1], [True, False], ["a", "b"])), "no pair is of one network"


def test_a_gain_of_auc_is_of_the_same_cases():
    first, second = [0.9, 0.8, 0.1, 0.2], [0.9, 0.1, 0.8, 0.2]  # 4 of 4 pairs; 2 of 4
    gained = auc_gain(first, second, [1, 1, 0, 0], ["a", "b", "c", "d"], list("xxxx"))
    assert gained.estimate == pytest.approx(1 / 2)


def test_auc_of_one_kind_does_not_exist():
    assert math.isnan(auc([0.1, 0.2], [True, True]))


def test_the_interval_of_an_auc_holds_it_and_leaves_resamples_of_one_kind_out():
    rng = np.random.default_rng(8)
    positives = np.arange(12) < 5  # of which a draw in 650 has none
    scores = rng.normal(positives * 1.0)
    estimate, low, high = auc_interval(scores, positives, range(12))
    assert 0 <= low < estimate < high <= 1


def test_an_auc_of_few_positives_or_few_negatives_has_no_interval():
    """Where presence tells nothing, percentiles of two negatives would leave 0.5 out every third time."""
    scores = np.random.default_rng(8).normal(size=(2, 45))
    for few, has_one in ((2, False), (4, False), (5, True)):
        kind = np.arange(40 + few) < few
        first, second = scores[:, : 40 + few]
        for positives in (kind, ~kind):
            found = auc_interval(first, positives, range(40 + few))
            gained = auc_gain(first, second, positives, range(40 + few))
            assert 0 < found.estimate < 1
            assert (has_none(found), has_none(gained)) == (not has_one, not has_one), few
    women = np.where(np.arange(45) < 5, np.arange(45) % 4, np.arange(45))
    assert has_none(auc_interval(scores[0], np.arange(45) < 5, women)), "they are of four groups"


def test_an_auc_of_1_or_0_is_no_certainty_and_one_normal_gives_no_interval():
    scores, lesion = [0.9, 0.8, 0.7, 0.6, 0.2, 0.1], [True] * 4 + [False] * 2
    reach = 0.025 ** (1 / 2)  # two normals: two pairs of groups
    assert auc_interval(scores, lesion, range(6)) == pytest.approx((1, reach, 1))
    turned = [not each for each in lesion]
    assert auc_interval(scores, turned, range(6)) == pytest.approx((0, 0, 1 - reach))
    assert auc_gain(scores, scores, lesion, range(6)) == pytest.approx((0, reach - 1, 1 - reach))
    # Two folds with one normal each: a pair in either.
    folds = [0, 0, 0, 1, 0, 1]
    assert auc_interval(scores, lesion, range(6), folds).low == pytest.approx(reach)
    for groups in ([0, 1, 2, 3, 4, 4], [0, 0, 0, 0, 4, 5]):
        estimate, low, high = auc_interval(scores, lesion, groups)
        assert estimate == 1 and np.isnan([low, high]).all()
        assert np.isnan(auc_gain(scores, scores, lesion, groups).low)
    mixed, lesion = [0.9, 0.8, 0.1, 0.6, 0.2, 0.1] * 3, lesion * 3
    assert auc_interval(mixed, lesion, range(18)) == group_bootstrap(
        np.column_stack([np.zeros(18), mixed, lesion]), range(18), auc_of_columns
    )


def test_no_false_alarm_on_a_few_images_is_no_certainty():
    assert mean_count([0] * 10, range(10)) == pytest.approx((0, 0, 3.689 / 10), abs=1e-4)
    assert mean_count([0] * 50, [i % 5 for i in range(50)]).high == pytest.approx(
        3.689 / 5, abs=1e-4
    )
    # Of Garwood's table: 10 were counted.
    assert mean_count([1] * 10, range(10)) == pytest.approx((1, 0.4795, 1.8390), abs=1e-4)
    assert mean_count(range(12), range(12)) == group_bootstrap(range(12), range(12))


def test_calibration_error_by_hand():
    # Two bins. Called 0.2 and 0.4, none true: off by 0.3. Called 0.8 and 1.0, one true: off by 0.4.
    rows = [
        calibration_bins(np.array([p]), np.array([true]), 2)
        for p, true in ((0.2, False), (0.4, False), (0.8, True), (1.0, False))
    ]
    assert np.sum(rows, axis=0) == pytest.approx([2, 2, 0.6, 1.8, 0, 1])
    assert calibration_error(np.array(rows)) == pytest.approx(0.5 * 0.3 + 0.5 * 0.4)
    honest = calibration_bins(np.full(4, 0.25), np.array([True, False, False, False]))
    assert calibration_error(honest[None]) == pytest.approx(0)


def test_calibration_errors_of_images_are_not_averaged_but_counted_together():
    # One image is called too probable, the other as much too little: together they are right.
    over = calibration_bins(np.full(10, 0.55), np.arange(10) < 2)
    under = calibration_bins(np.full(10, 0.55), np.arange(10) < 9)
    assert calibration_error(np.array([over, under])) == pytest.approx(0)
    assert calibration_error(over[None]) == pytest.approx(0.35)
