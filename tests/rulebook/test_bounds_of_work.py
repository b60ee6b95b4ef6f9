"""Files made to cost: every one ends in a diagnostic, with bounded work."""

from autoscaler.rulebook import Code, load_text
from autoscaler.rulebook.reporting import MOST


def codes(text: str) -> list[Code]:
    return [diagnostic.code for diagnostic in load_text({"a.yaml": text}).diagnostics]


def test_exploding_aliases_are_refused() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    assert codes("\n".join(lines)) == [Code.ALIAS]


def test_many_small_aliases_are_refused() -> None:
    assert codes("queues: [&q 2001" + ", *q" * 200 + "]\n") == [Code.ALIAS]


def test_deep_nesting_is_refused() -> None:
    assert codes("queues: " + "[" * 500_000) == [Code.TOO_MUCH]
    assert codes("".join(f"{' ' * n}a:\n" for n in range(400))) == [Code.TOO_MUCH]


def test_a_file_of_too_many_values_is_refused() -> None:
    assert codes("queues: [" + "1," * 300_000 + "]\n") == [Code.TOO_MUCH]


def test_the_rule_after_the_five_hundredth_is_an_error() -> None:
    rules = "".join(f"  - {{name: rule {n}, when: queue.waiting == {n}, raise: 1 each}}\n" for n in range(501))

    assert codes("queues: [2001]\nrules:\n" + rules) == [Code.TOO_MUCH]
    assert codes("queues: [2001]\nrules:\n" + "".join(rules.splitlines(keepends=True)[:500])) == []


def test_a_file_of_nothing_but_errors_gives_a_bounded_number_of_them() -> None:
    assert len(codes("".join(f"key{n}: 1\n" for n in range(5000)))) == MOST


def test_more_findings_than_are_shown_keep_the_file_from_being_used() -> None:
    condition = "queue.oldest_wait > 30" + " and queue.oldest_wait > 40" * 60
    rules = "".join(f"  - {{name: rule {n}, when: {condition}, raise: 1 each}}\n" for n in range(30))
    loaded = load_text(
        {"a.yaml": "queues: [2001]\nrules:\n" + rules + "  - {name: last, when: nonsense, raise: 1 each}\n"}
    )

    assert loaded.book is None
    assert len(loaded.diagnostics) == MOST
    assert loaded.diagnostics[-1].code is Code.TOO_MUCH


def test_a_long_expression_is_refused() -> None:
    assert codes("queues: [1]\nrules:\n  - {name: x, when: " + "queue.waiting > 1 and " * 100 + "1, cap: 1}\n") == [
        Code.TOO_COMPLEX
    ]
    assert codes("queues: [1]\nrules:\n  - {name: x, when: queue.waiting > 1" + " + 1" * 60 + ", cap: 1}\n") == [
        Code.TOO_COMPLEX
    ]


def test_many_conditions_in_a_row_are_fine() -> None:
    condition = " and ".join(f"queue.waiting > {n}" for n in range(80))

    assert codes(f"queues: [1]\nrules:\n  - {{name: x, when: {condition}, cap: 1}}\n") == []
