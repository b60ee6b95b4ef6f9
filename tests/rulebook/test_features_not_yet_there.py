"""A part of the language that can't be carried out is refused by name, and only while it can't."""

import pytest

from autoscaler.rulebook import Code, Feature, load_text

HEAD = "queues: [2001]\n"
RULES = "rules: [{name: x, when: queue.waiting > 2, cap: 1}]\n"
USES = {
    Feature.FORECAST: 'rules: [{name: x, when: "forecast(queue.waiting, 15m) > 2", cap: 1}]\n',
    Feature.GOAL: "goal: {answer: 80%, within: 30s}\n",
}


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_is_refused_by_name_and_only_itself(feature: Feature) -> None:
    files = {"a.yaml": HEAD + USES[feature]}
    refused = load_text(files, not_yet=frozenset({feature})).diagnostics

    assert [found.code for found in refused if found.code is not Code.NO_RULES] == [Code.NOT_SUPPORTED]
    assert "is not supported by this version" in refused[0].message
    assert load_text(files, not_yet=frozenset(Feature) - {feature}).diagnostics == ()
