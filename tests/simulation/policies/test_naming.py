"""Policies as people write them."""

import pickle
from pathlib import Path

import pytest

from autoscaler.errors import UsageError
from autoscaler.simulation.policies.aws_step import AwsStep
from autoscaler.simulation.policies.best_fixed import BestFixed
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.hpa import Hpa
from autoscaler.simulation.policies.keda import Keda
from autoscaler.simulation.policies.naming import Rules, prepare, read_policy
from autoscaler.simulation.policies.nomad import Nomad
from autoscaler.simulation.policies.nomad_threshold import NomadThreshold
from autoscaler.simulation.policies.oracle import Oracle
from autoscaler.simulation.policies.production import GoalPolicy
from autoscaler.simulation.policies.two_tier import TwoTier

from .floors import Alone, scenario

RULES = Path(__file__).parents[3] / "rules"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("limit:3", Fixed(limit=3)),
        ("limit:3.5", Fixed(limit=3.5)),
        ("limit:60", Fixed(limit=60)),
        ("hpa", Hpa()),
        ("hpa:ceiling=6,target=0.8", Hpa()),
        ("hpa:ceiling=8,target=70%,tick=30s", Hpa(ceiling=8, target=0.7, tick=30)),
        ("hpa: ceiling = 8", Hpa(ceiling=8)),
        ("nomad:cooldown=2m,max_scale_up=5", Nomad(cooldown=120, max_scale_up=5)),
        ("nomad-threshold:trigger=3", NomadThreshold(trigger=3)),
        ("aws-step:period=1m30s", AwsStep(period=90)),
        ("keda:in_flight=0", Keda(in_flight=0)),
        ("two-tier:timeout=0s", TwoTier(timeout=0)),
        ("best-fixed:ceiling=10", BestFixed(ceiling=10)),
        ("oracle:effort=2m", Oracle(effort=120)),
        ("rules:rules/webchat.yaml", Rules(path="rules/webchat.yaml")),
        ("rules:C:/rules", Rules(path="C:/rules")),
        ("goal", GoalPolicy()),
        ("goal:ceiling=8", GoalPolicy(ceiling=8, title="goal:ceiling=8")),
    ],
)
def test_a_policy_is_read(text: str, what: object) -> None:
    spec = read_policy(text)
    assert spec.what == what
    assert spec.text == text
    assert pickle.loads(pickle.dumps(spec)) == spec


@pytest.mark.parametrize(
    ("text", "message", "try_"),
    [
        ("hpaa", '"hpaa" is no policy', "did you mean hpa?"),
        ("best_fixed", '"best_fixed" is no policy', "did you mean best-fixed?"),
        ("xyzzy", '"xyzzy" is no policy', "write limit:N, rules:PATH, goal, hpa"),
        ("", '"" is no policy', "limit:N"),
        ("limit", 'limit:N takes a number, not ""', "write limit:3"),
        ("limit:three", 'not "three"', "write limit:3"),
        ("limit:-1", 'not "-1"', "write limit:3"),
        ("limit:0", "a limit of 0 is outside 1 to 60", "N from 1 to 60"),
        ("limit:60.5", "outside 1 to 60", "N from 1 to 60"),
        ("limit:3.3", "neither whole nor half", "write limit:3.5"),
        ("rules", "rules to play are missing", "rules:PATH"),
        ("hpa:", "nothing follows", "write hpa"),
        ("hpa:ceiling", '"ceiling" is no setting of hpa', "NAME=VALUE"),
        ("hpa:ceiling=", '"ceiling=" is no setting of hpa', "NAME=VALUE"),
        ("hpa:ceiling=6,", '"" is no setting of hpa', "NAME=VALUE"),
        ("hpa:ceiling=6,ceiling=7", "stands there twice", "once"),
        ("hpa:cieling=6", '"cieling" is no setting of hpa', "did you mean ceiling?"),
        ("hpa:speed=6", '"speed" is no setting of hpa', "hpa has target=0.8, tolerance=0.1, down_window=5m"),
        ("hpa:speed=6", '"speed" is no setting of hpa', "tick=the scenario's"),
        ("hpa:ceiling=6.5", "a whole number", "from 1 to 60"),
        ("hpa:ceiling=61", "outside 1 to 60", "1 to 60"),
        ("hpa:tick=15", "a duration", "write 15s"),
        ("hpa:tick=0s", "outside 1s to 1h", "1s to 1h"),
        ("hpa:target=0.8s", "a number", "from 0.01 to 1"),
        ("hpa:target=120%", "outside 0.01 to 1", "0.01 to 1"),
        ("hpa:floor=7", "the floor of hpa, 7, is above its ceiling, 6", "raise the ceiling"),
        ("best-fixed:floor=9,ceiling=3", "above its ceiling", "raise the ceiling"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_try(text: str, message: str, try_: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_policy(text)
    assert message in str(caught.value)
    assert try_ in caught.value.help


@pytest.mark.parametrize(
    "text",
    [
        # nomad-autoscaler's own tests of wrong configurations, target-value
        "nomad:target=",
        "nomad:target=not-the-float-you're-looking-for",
        "nomad:threshold=not-a-float",
        "nomad:max_scale_up=not-a-number",
        "nomad:max_scale_down=not-a-number",
        # and threshold
        "nomad-threshold:high=not-a-float",
        "nomad-threshold:low=not-a-float",
        "nomad-threshold:trigger=not-an-int",
        "nomad-threshold:percent=not-a-float",
        "nomad-threshold:percent=",
        "nomad-threshold:delta=1,percentage=10",
    ],
)
def test_what_nomad_refuses_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_policy(text)


@pytest.mark.parametrize(
    "text",
    ["limit:3.5", "hpa:ceiling=8", "nomad", "nomad-threshold", "aws-step", "keda", "two-tier:extra=1",
     "best-fixed:ceiling=4", "oracle:effort=1s,runs=2,ceiling=4", "goal", f"rules:{RULES / 'webchat.yaml'}"],
)  # fmt: skip
def test_a_prepared_policy_can_be_sent_to_other_processes(text: str) -> None:
    where = scenario(hours=1.5)
    policy = prepare(read_policy(text), where, seed=1, runs=2, play=Alone(where))
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert policy.controller(where, seed=1, index=0).first_tick() >= 0


@pytest.mark.parametrize(
    "text", ["limit:3.5", "hpa:ceiling=8", "two-tier:extra=1", "best-fixed:ceiling=4", "goal:ceiling=8"]
)
def test_a_policy_is_named_as_it_was_typed(text: str) -> None:
    where = scenario(hours=1.5)
    assert prepare(read_policy(text), where, seed=1, runs=2, play=Alone(where)).name == text


def test_best_fixed_is_judged_in_the_very_runs_that_are_compared() -> None:
    where = scenario(hours=1.5)
    play = Alone(where)
    prepare(read_policy("best-fixed:ceiling=3"), where, seed=1, runs=3, play=play)
    assert play.indices == {0, 1, 2}
