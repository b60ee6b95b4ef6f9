"""Whatever a file holds, loading it gives a book or diagnostics with places inside the file, and never raises."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from autoscaler.rulebook import as_json, as_text, has_errors, load_text

GOOD = """\
group: webchat
queues: [2001, 2002]
timezone: Europe/Lisbon
every: 15s
agents:
  limit: {floor: 1, baseline: 3, ceiling: 6}
  tiers: [{name: new, ids: [1001-1020], where: agent.signed_in_for < 1h, ceiling: 2}]
inputs: {reply: {source: prometheus, query: 'avg(x)', between: [0, 3600], required: false}}
rules:
  - name: surge
    when: >
      queue.waiting > 20 and
      not group.occupancy <= 85%
    for: 30s
    raise: 15%
  - {name: "on a call", when: "agent.state == \\"talking\\"", cap: 1}
  - {name: lunch, at: [mon-fri 12:00-14:00, 2026-12-24], floor: 2}
  - {name: backlog, track: {input: "avg(queue[2001].waiting, 5m)", target: 0.5, tolerance: {up: 5%}}}
  - {name: bands, steps: [{when: input.reply > 60, lower: 1 each}]}
stability:
  raise: &calm {window: 0s, at_most: [10 slots per 1m, 20% per 2m]}
  lower: *calm
safety: {missing: hold, baseline_after: never, agents_per_tick: 20%}
goal: {answer: 80%, within: 30s}
calendar: {holidays: [2026-12-25]}
"""
SNIPPETS = [
    *"{}[]:,&*!|>'\"%@`#-?<=()./ \t\n\r\u0085\u2028\ufeff\U0001f600é", "- ", ": ", "<<: *calm", "*calm", "&x ",
    "!!str ", "---\n", "no", "~", "null", "010", "12:30", "1_000", "0x1f", "1e9", ".inf",
    "99999999999999999999999", "-1", "100%", "5m", "1 each", "and", "not ", "queue.", "agent.tier", "queue[", "2001]",
    "min(", "avg(", " == ", " > ", "(((", "\\u00e9", "\\", "''", '"',
]  # fmt: skip


def check(text: str) -> None:
    loaded = load_text({"a.yaml": text})
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for found in loaded.diagnostics:
        assert 1 <= found.line <= len(lines)
        assert 1 <= found.column <= len(lines[found.line - 1]) + 1
        assert found.column < found.end_column
        assert found.source_line == lines[found.line - 1] or found.source_line == ""
        assert found.message
    assert (loaded.book is None) is has_errors(loaded.diagnostics)
    assert len(as_json(loaded.diagnostics)) == len(loaded.diagnostics)
    shown = as_text(loaded.diagnostics)
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_the_text_that_is_mutated_is_good_in_itself() -> None:
    loaded = load_text({"a.yaml": GOOD})

    assert loaded.book is not None


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        text = text[:start] + draw(st.sampled_from(["", *SNIPPETS])) + text[end:]
    return text


@given(mutated())
@settings(max_examples=300, deadline=None)
@example("? |\n")
@example("'")
@example('when: "\\')
def test_a_mutated_file_never_raises(text: str) -> None:
    check(text)


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_random_text_never_raises(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from(SNIPPETS), max_size=25).map("".join))
@settings(max_examples=200, deadline=None)
def test_a_random_expression_never_raises(text: str) -> None:
    body = text.replace("\r", " ").replace("\n", "\n      ")
    check(f"queues: [2001]\nrules:\n  - name: x\n    cap: 1\n    when: |\n      {body}\n")
    check(f"queues: [2001]\nrules:\n  - name: x\n    cap: 1\n    when: {body}\n")


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_bytes_read_as_text_never_raise(content: bytes) -> None:
    check(content.decode("utf-8", "surrogateescape"))
