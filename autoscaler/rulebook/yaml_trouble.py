"""The YAML parser's complaints in words that say what to change."""

from __future__ import annotations

import yaml

from autoscaler.rulebook.source import Span

__all__ = ["explain"]

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        'a ":" that makes no sense here',
        'line keys up under each other, and put text that holds ": " in quotes',
    ),
    (
        "did not find expected ',' or ']'",
        "the list opened here is not closed, or its values lack a comma",
        'end it with "]" and put values that hold brackets or commas in quotes',
    ),
    (
        "did not find expected ',' or '}'",
        "the mapping opened here is not closed, or holds an unquoted bracket",
        'end it with "}" and put values with brackets or commas in quotes, as in {when: "queue[2001].waiting > 5"}',
    ),
    (
        "could not find expected ':'",
        'a key without ":"',
        'write "key: value"',
    ),
    (
        "did not find expected key",
        "this is neither a key of the mapping above nor part of the value before it",
        "line keys up under each other; if a value starts with a quote, put all of it in quotes",
    ),
    (
        "did not find expected '-' indicator",
        "this does not belong to the list above",
        'start every item with "- ", all at the same indentation',
    ),
    ("found unexpected end of stream", "the quote opened here is not closed", "close it"),
    ("found unexpected document indicator", "the quote opened here is not closed", "close it"),
    ("found unknown escape character", "an unknown escape in a text in double quotes", "use single quotes"),
    ("found a tab character", "a tab where spaces belong", "indent with spaces"),
    ("did not find expected node content", "a bracket or comma that makes no sense here", "put the value in quotes"),
    ("found undefined tag handle", "a YAML tag", 'leave it out; to negate a condition write "not"'),
)
_OPENERS = ("flow", "quoted scalar")


def explain(error: yaml.YAMLError, text: str) -> tuple[Span, str, str]:
    """Where it went wrong, what is wrong, what to try."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "can't be read")
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if any(opener in context for opener in _OPENERS) and "escape" not in problem:
        mark = getattr(error, "context_mark", None) or mark
    start = min(mark.index if mark is not None else 0, max(len(text) - 1, 0))
    span = Span(start, start + 1)
    if "cannot start any token" in problem:
        sign = text[start : start + 1]
        if sign == "\t":
            return span, "a tab where spaces belong", "indent with spaces"
        return span, f'"{sign}" can\'t start a value', "put the value in quotes"
    for part, message, help_ in _KNOWN:
        if part in problem:
            return span, message, help_
    return span, f"not valid YAML: {problem}", "check indentation, quotes and brackets near here"
