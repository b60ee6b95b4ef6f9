"""Laws of the formatter over the example files, mutated: same meaning, same comments, and twice is once."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Group
from autoscaler.rulebook import load_text
from autoscaler.rulebook.formatting import format_text

GOOD = {path.name: path.read_text("utf-8") for path in sorted(Path("rules").glob("*.yaml"))}
PAGES = [page.read_text("utf-8") for page in (Path("docs/rules/language.md"), Path("docs/rules/testing.md"))]
EXAMPLES = [
    *((name, text) for name, text in GOOD.items()),
    *(("page.yaml", text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGES[0], re.DOTALL | re.MULTILINE)),
    *(("page.test.yaml", text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGES[1], re.DOTALL | re.MULTILINE)),
]
RULE_FILES = [(name, text) for name, text in EXAMPLES if not name.endswith(".test.yaml")]


def meaning(name: str, text: str) -> Any:
    """The groups of a rule file, or the values of a rule test."""
    if name.endswith(".test.yaml"):
        return yaml.safe_load(text)
    book = load_text({name: text}).book
    assert book is not None
    return [_nameless(group) for group in book.groups]


def _nameless(group: Group) -> Group:
    return replace(group, source="")


def comments(text: str) -> Counter[str]:
    """Comments of texts that hold no `#` but in comments."""
    return Counter(match.strip() for match in re.findall(r"(?:^|(?<=\s))#.*$", text, re.MULTILINE))


def check_laws(name: str, text: str) -> None:
    result = format_text(name, text).text
    assert result is not None, text
    assert meaning(name, result) == meaning(name, text)
    assert comments(result) == comments(text)
    assert format_text(name, result).text == result
    assert not re.search(r"[ \t]+$|\n\n\n", result, re.MULTILINE)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_the_examples_keep_their_meaning_and_comments(name: str, text: str) -> None:
    if format_text(name, text).text is None:  # an example of what this version refuses
        assert load_text({name: text}).book is None
        return
    check_laws(name, text)


@st.composite
def rewritten(draw: st.DrawFn) -> tuple[str, str]:
    """An example whose blocks, brackets, spaces and comments are written in another way."""
    name, text = draw(st.sampled_from([one for one in EXAMPLES if format_text(*one).text is not None]))
    lines: list[str] = []
    in_block = -1
    for number, line in enumerate(text.splitlines()):
        indent = len(line) - len(line.lstrip())
        if in_block >= 0 and (not line.strip() or indent > in_block):
            lines.append(line)
            continue
        ends_block = in_block >= 0  # what stands right below its text, deeper indented, would be part of it
        in_block = indent if re.search(r"[|>]\s*$", line) else -1
        for _ in range(0 if ends_block else draw(st.integers(0, 2))):
            kind = draw(st.sampled_from(["", "", "blank", "own", "flush"]))
            if kind == "blank":
                lines.append("")
            elif kind == "own":
                lines.append(f"{' ' * indent}# own {number}")
            elif kind == "flush":
                lines.append(f"{' ' * draw(st.integers(0, 8))}#flush {number}")
        has_end = "#" in line or not line.strip() or in_block >= 0
        end = "" if has_end else draw(st.sampled_from(["", "", "   ", f" # end {number}", f"      # end {number}"]))
        spread = line
        if not in_block >= 0 and "#" not in line and draw(st.booleans()):
            spread = re.sub(r"(?<=[\w\]}\"']), (?=[\w{\[\"'])", draw(st.sampled_from([",  ", " , "])), line)
            spread = line if spread.count('"') or spread.count("'") else spread
            spread = re.sub(r"^(\s*(?:- )?\w+):(?= )", r"\1:  ", spread)
        lines.append(spread + end)
    return name, "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n\n", "\n# last\n", "\n  # last\n"]))


@settings(max_examples=60, deadline=None)
@given(rewritten())
def test_spacing_and_comments_never_change_what_a_file_says(case: tuple[str, str]) -> None:
    check_laws(*case)


@st.composite
def reordered(draw: st.DrawFn) -> tuple[str, str]:
    """A rule file written by a dumper, its keys in any order, in blocks or brackets."""
    name, text = draw(st.sampled_from([one for one in RULE_FILES if load_text(dict([one])).book is not None]))

    def shuffled(value: Any, *, is_named: bool = False) -> Any:
        if isinstance(value, dict):
            keys = list(value) if is_named else draw(st.permutations(list(value)))
            return {key: shuffled(value[key], is_named=key == "inputs") for key in keys}
        return [shuffled(one) for one in value] if isinstance(value, list) else value

    root = shuffled(yaml.load(text, Loader=yaml.BaseLoader))
    flow = draw(st.sampled_from([None, False, True]))
    width = draw(st.sampled_from([20, 80, 1000]))
    styled = yaml.dump(
        root,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=flow,
        width=width,
        indent=draw(st.sampled_from([2, 4, 7])),
    )
    return name, styled


class _Dumper(yaml.SafeDumper):
    """Writes every text plain where it can, so that numbers stay numbers."""


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text))
_Dumper.yaml_implicit_resolvers = {}


@settings(max_examples=60, deadline=None)
@given(reordered())
def test_order_and_style_never_change_what_a_file_says(case: tuple[str, str]) -> None:
    name, text = case
    if load_text({name: text}).book is None:  # the dumper broke a line where the language does not allow it
        return
    check_laws(name, text)
