"""The field's autoscalers against their own tests and documents: autoscaler-algorithms.md, C1 to C4 and C7."""

import math

import pytest

from autoscaler.simulation.policies.aws_step import Adjustment, AwsStep, Cooldown, Step, adjusted, step_for
from autoscaler.simulation.policies.hpa import Hpa, utilisation_percent
from autoscaler.simulation.policies.keda import Keda
from autoscaler.simulation.policies.nomad import Nomad, target_value
from autoscaler.simulation.policies.nomad_threshold import Action, NomadThreshold, chosen, threshold

from .floors import group


@pytest.mark.parametrize(
    ("samples", "target", "count", "wanted"),
    [
        ([13], 13, 2, None),
        ([26], 13, 2, 4),
        ([20], 10, 0, 2),
        ([9], 10, 1, None),
        ([1], 10, 0, 1),
        ([0], 0, 5, 0),
        ([5.00001], 5, 8, None),
        ([13, 14, 15, 16], 16, 2, None),
        ([], 10, 2, None),
        ([0], 10, 0, None),
    ],
)
def test_nomad_target_value_as_its_own_test(
    samples: list[float], target: float, count: int, wanted: int | None
) -> None:
    assert target_value(count, samples, target) == wanted


def test_nomad_target_value_with_bounds_of_a_step_as_its_own_test() -> None:
    assert target_value(8, [5.00001], 5, threshold=1e-6) == 9
    assert target_value(1, [210], 50, max_scale_up=2) == 3
    assert target_value(5, [10], 210, max_scale_down=1) == 4


@pytest.mark.parametrize(
    ("samples", "bounds", "action", "amount", "count", "trigger", "wanted"),
    [
        ([10], {"lower": 10}, Action.DELTA, -1, 1, 1, 0),
        ([10], {"upper": 10}, Action.DELTA, -1, 1, 1, None),
        ([10, 10, 20, 20, 20], {"lower": 10, "upper": 20}, Action.DELTA, 1, 1, 3, None),
        ([10, 10, 20, 20, 20], {"lower": 10, "upper": 20}, Action.DELTA, 1, 1, 2, 2),
        ([10], {"lower": 5, "upper": 20}, Action.PERCENTAGE, 30, 10, 1, 13),
        ([10], {"lower": 5, "upper": 20}, Action.PERCENTAGE, -30, 10, 1, 7),
        ([10], {"lower": 5, "upper": 20}, Action.PERCENTAGE, 0, 10, 1, None),
        ([10], {"lower": 5, "upper": 20}, Action.VALUE, 10, 1, 1, 10),
        ([10], {"lower": 5, "upper": 20}, Action.VALUE, 10, 20, 1, 10),
        ([10], {"lower": 5, "upper": 20}, Action.VALUE, 10, 10, 1, None),
        ([10], {"lower": 5, "upper": 20}, Action.DELTA, -1, 0, 1, None),
        ([10, 0, 0, 0, 0, 0], {"lower": 5, "upper": 20}, Action.DELTA, 1, 1, 5, None),
        ([10, 0, 0, 0, 0, 0], {"lower": 5, "upper": 20}, Action.DELTA, 1, 1, 1, 2),
    ],
)
def test_nomad_threshold_as_its_own_test(
    samples: list[float],
    bounds: dict[str, float],
    action: Action,
    amount: float,
    count: int,
    trigger: int,
    wanted: int | None,
) -> None:
    assert threshold(count, samples, action, amount, trigger=trigger, **bounds) == wanted


def test_of_several_checks_up_wins_over_down_and_the_higher_count_over_the_lower() -> None:
    assert chosen(5, (3, None)) == 3
    assert chosen(5, (3, 7)) == 7
    assert chosen(5, (3, 4)) == 4
    assert chosen(5, (None, None)) is None


@pytest.mark.parametrize(
    ("capacity", "percent", "least", "after"),
    [(10, 10, 1, 11), (11, 30, 1, 14), (14, -10, 1, 13), (4, 25, 2, 6), (5, 10, 1, 6), (5, -10, 1, 4), (7, 0, 1, 7)],
)
def test_aws_percent_steps_as_its_documents(capacity: int, percent: float, least: int, after: int) -> None:
    assert adjusted(capacity, Adjustment.PERCENT, percent, min_magnitude=least) == after


def test_aws_changes_and_exact_capacities() -> None:
    assert adjusted(10, Adjustment.CHANGE, -3) == 7
    assert adjusted(10, Adjustment.EXACT, 4) == 4


def test_aws_bands_hold_their_lower_bound_above_the_threshold_and_their_upper_one_below() -> None:
    above = (Step(lower=0, upper=10, amount=1), Step(lower=10, upper=None, amount=2))
    below = (Step(lower=-10, upper=0, amount=-1), Step(lower=None, upper=-10, amount=-2))
    # around a threshold of 50: [50, 60) and [60, inf); (40, 50] and (-inf, 40]
    assert [step.amount for metric in (50, 59.9, 60, 99) if (step := step_for(metric - 50, above))] == [1, 1, 2, 2]
    assert [step.amount for metric in (50, 40.1, 40, 1) if (step := step_for(metric - 50, below))] == [-1, -1, -2, -2]
    assert step_for(-1, above) is None
    assert step_for(1, below) is None


def test_aws_counts_what_a_running_cooldown_has_added() -> None:
    cooldown = Cooldown(up_s=300, down_s=300)
    cooldown.made(cooldown.allows(2, at=0), at=0)
    assert cooldown.allows(2, at=60) == 0
    assert cooldown.allows(3, at=60) == 1
    assert cooldown.allows(3, at=300) == 3


def test_after_a_lower_aws_blocks_lowers_and_lets_a_raise_through_which_ends_that() -> None:
    cooldown = Cooldown(up_s=300, down_s=300)
    cooldown.made(-1, at=0)
    assert cooldown.allows(-1, at=299) == 0
    assert cooldown.allows(2, at=60) == 2
    cooldown.made(2, at=60)
    assert cooldown.allows(-1, at=61) == -1


def test_an_aws_alarm_acts_on_the_means_of_whole_periods_in_a_row() -> None:
    scaler = AwsStep().scaler()
    slots = [scaler.scale(group(100, 95, at=at)) for at in range(15, 180, 15)]
    assert slots[:8] == [100] * 8
    # the first period ends 60 s after the first look, the second 60 s later; 95 % is 25 above the threshold: +30 %
    assert slots[8] == 130


def test_an_aws_alarm_is_quiet_in_its_innermost_bands_and_lowers_below_them() -> None:
    def after(load: int) -> int:
        scaler = AwsStep().scaler()
        return [scaler.scale(group(100, load, at=at)) for at in range(15, 150, 15)][-1]

    assert [after(load) for load in (100, 90, 85, 80, 79, 70, 61, 60, 55, 50, 10)] == [
        130, 130, 110, 110, 100, 100, 100, 90, 90, 70, 70,
    ]  # fmt: skip


def test_utilisation_is_whole_percent_rounded_down() -> None:
    assert utilisation_percent(2, 3) == 66


@pytest.mark.parametrize(
    ("load", "slots", "wanted"),
    [
        (80, 100, 100),
        (88, 100, 100),  # 1.1 is still inside the tolerance
        (89, 100, 112),  # ceil(100 x 89 / 80)
        (60, 60, 75),
        (72, 100, 100),
    ],
)
def test_hpa_scales_slots_by_utilisation_over_target(load: int, slots: int, wanted: int) -> None:
    assert Hpa().scaler().scale(group(slots, load)) == wanted


def test_hpa_lowers_only_once_the_slots_it_found_and_asked_for_are_five_minutes_old() -> None:
    scaler = Hpa().scaler()
    assert scaler.scale(group(100, 40, at=0)) == 100
    assert scaler.scale(group(100, 40, at=285)) == 100
    assert scaler.scale(group(100, 30, at=300)) == 50
    assert scaler.scale(group(50, 30, at=315)) == 50


def test_hpa_grows_to_twice_its_slots_or_by_four_within_fifteen_seconds() -> None:
    assert Hpa(target=0.1).scaler().scale(group(100, 100)) == 200
    assert Hpa(target=0.1).scaler().scale(group(3, 3)) == 7
    scaler = Hpa(target=0.1).scaler()
    assert scaler.scale(group(100, 100, at=0)) == 200
    assert scaler.scale(group(200, 200, at=10)) == 200
    assert scaler.scale(group(200, 200, at=15)) == 400


def test_nomad_does_nothing_at_all_within_its_cooldown() -> None:
    scaler = Nomad().scaler()
    assert scaler.scale(group(60, 60, at=15)) == 75
    assert scaler.scale(group(75, 75, at=30)) == 75
    assert scaler.scale(group(75, 10, at=314)) == 75
    assert scaler.scale(group(75, 10, at=315)) == math.ceil(75 * (10 / 75 / 0.8))


def test_nomad_does_not_rest_after_doing_nothing() -> None:
    scaler = Nomad().scaler()
    assert scaler.scale(group(60, 60, at=15, high=60)) == 60
    assert scaler.scale(group(60, 24, at=30)) == 30


def test_nomad_threshold_acts_after_enough_samples_of_its_window() -> None:
    scaler = NomadThreshold().scaler()
    slots = [scaler.scale(group(60, 57, at=at)) for at in (15, 30, 45, 60, 75, 90)]
    assert slots == [60, 60, 60, 60, 66, 60]


def test_nomad_threshold_forgets_samples_older_than_its_window() -> None:
    scaler = NomadThreshold(trigger=2, window=30).scaler()
    assert [scaler.scale(group(60, load, at=at)) for at, load in ((0, 60), (15, 40), (30, 60), (45, 60))] == [
        60, 60, 60, 66,
    ]  # fmt: skip


def test_keda_wants_slots_for_those_who_wait_and_those_who_are_served() -> None:
    assert Keda().scaler().scale(group(60, 60, waiting=20)) == 100
    assert Keda(in_flight=0, target=0.2).scaler().scale(group(60, 60, waiting=20)) == 100
    assert Keda().scaler().scale(group(60, 48, waiting=2)) == 60


def test_keda_goes_to_the_floor_once_inactive_for_longer_than_the_cooldown() -> None:
    scaler = Keda().scaler()
    assert scaler.scale(group(60, 1, at=15, low=20)) == 60
    assert scaler.scale(group(60, 0, at=30, low=20)) == 60
    # what was asked for leaves the window first
    assert scaler.scale(group(60, 0, at=315, low=20)) == 20
    assert Keda(down_window=3600).scaler().scale(group(60, 0, at=15, low=20)) == 60
    slow = Keda(down_window=3600).scaler()
    assert [slow.scale(group(60, 0, at=at, low=20)) for at in (15, 300, 315, 316)] == [60, 60, 60, 20]


def test_keda_is_active_only_above_its_activation() -> None:
    scaler = Keda(activation=5, down_window=3600).scaler()
    assert [scaler.scale(group(60, 5, at=at, low=20)) for at in (15, 316)] == [60, 20]
    scaler = Keda(activation=5, down_window=3600).scaler()
    assert [scaler.scale(group(60, 6, at=at, low=20)) for at in (15, 316)] == [60, 60]
