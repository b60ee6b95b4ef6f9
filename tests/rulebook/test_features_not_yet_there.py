"""A part of the language that can't be carried out is refused by name, and only while it can't."""

import pytest

from autoscaler.rulebook import Code, Feature, load_text

HEAD = "queues: [2001]\n"
RULES = "rules: [{name: x, when: queue.waiting > 2, cap: 1}]\n"
USES = {
    Feature.TRACK: "rules: [{name: x, track: {input: queue.waiting, target: 2}}]\n",
    Feature.STEPS: "rules: [{name: x, steps: [{when: queue.waiting > 2, raise: 5%}]}]\n",
    Feature.AT: "rules: [{name: x, at: sat, cap: 1}]\n",
    Feature.KEEP_FOR: "rules: [{name: x, when: queue.waiting > 2, keep_for: 5m, cap: 1}]\n",
    Feature.WARM_UP: "agents: {warm_up: {every: 90s}}\n" + RULES,
    Feature.GOAL: "goal: {answer: 80%, within: 30s}\n",
    Feature.CALENDAR: "calendar: {holidays: [2026-12-25]}\n" + RULES,
    Feature.TIER_WHERE: "agents: {tiers: [{name: x, where: agent.signed_in_for < 1h, ceiling: 2}]}\n" + RULES,
    Feature.OVER_TIME: 'rules: [{name: x, when: "avg(queue.waiting, 5m) > 2", cap: 1}]\n',
}


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_is_refused_by_name_and_only_itself(feature: Feature) -> None:
    files = {"a.yaml": HEAD + USES[feature]}
    refused = load_text(files, not_yet=frozenset({feature})).diagnostics

    assert [found.code for found in refused if found.code is not Code.NO_RULES] == [Code.NOT_SUPPORTED]
    assert "is not supported by this version" in refused[0].message
    assert load_text(files, not_yet=frozenset(Feature) - {feature}).diagnostics == ()
