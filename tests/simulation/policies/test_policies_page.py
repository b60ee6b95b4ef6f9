"""The page of policies says of each what the program's own table says."""

import re
from pathlib import Path

import pytest

from autoscaler.simulation.policies.catalogue import CATALOGUE
from autoscaler.simulation.policies.naming import read_policy
from autoscaler.simulation.policies.settings import setting_text, settings_of

PAGE = (Path(__file__).parents[3] / "docs/rules/policies.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## `([a-z-]+)[^`]*`\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def test_every_policy_stands_in_the_first_table_in_order() -> None:
    rows = re.findall(r"^\| `(\S+)` \| (.*) \| (.*) \|$", PAGE.split("\n## ")[0], re.MULTILINE)
    assert rows == [(one.form, one.does, one.unseen) for one in CATALOGUE.values()]


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_settings_of_a_policy_stand_in_its_section(name: str) -> None:
    kind = CATALOGUE[name].kind
    settings = settings_of(kind) if kind is not None else {}
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) to (.*) \| (.*) \|$", SECTIONS.get(name, ""), re.MULTILINE)
    assert rows == [
        (key, *(setting_text(one, value) for value in (one.default, one.low, one.high)), one.about)
        for key, one in settings.items()
    ]


@pytest.mark.parametrize("name", [name for name, one in CATALOGUE.items() if one.kind is not None and name != "limit"])
def test_a_policy_with_every_setting_at_its_default_is_the_policy_alone(name: str) -> None:
    kind = CATALOGUE[name].kind
    assert kind is not None
    given = ",".join(
        f"{key}={setting_text(one, one.default)}" for key, one in settings_of(kind).items() if one.default is not None
    )
    spelled_out, alone = read_policy(f"{name}:{given}").what, read_policy(name).what
    assert {key: getattr(spelled_out, key) for key in settings_of(kind)} == {
        key: getattr(alone, key) for key in settings_of(kind)
    }


@pytest.mark.parametrize("text", sorted(set(re.findall(r"`([a-z-]+:[a-z_]+=[^`]*)`", PAGE))))
def test_an_example_on_the_page_can_be_typed(text: str) -> None:
    assert read_policy(text).text == text
