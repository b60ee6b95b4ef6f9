"""The conditions of a rule file in their parts, each with its place: what coverage looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autoscaler.core.book import Group, Rule
from autoscaler.core.expressions import And, Expression, Not, Or
from autoscaler.rulebook.composing import compose
from autoscaler.rulebook.nodes import Items, Node, Scalar, Table
from autoscaler.rulebook.parsing import parse
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Source, Span
from autoscaler.rulebook.syntax import Inversion, Junction, Syntax

__all__ = ["Branch", "RuleParts", "parts_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A part of a condition, as written."""

    text: str
    line: int
    column: int
    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleParts:
    """A rule, its place, and the parts of its conditions; a condition of one part alone is the rule's own verdict."""

    rule: Rule
    line: int
    column: int
    branches: tuple[Branch, ...]


def parts_of(path: str, text: str, group: Group) -> tuple[RuleParts, ...]:
    """The rules of a file that `group` was built from without errors, in order; a goal, which comes last, is none."""
    reporter = Reporter(Source(path, text))
    root = compose(reporter)
    items = _value(root, "rules")
    nodes = items.nodes if isinstance(items, Items) else ()
    written = [rule for rule in group.rules if not rule.pursues]
    return tuple(_rule(rule, node, reporter) for rule, node in zip(written, nodes, strict=True))


def _rule(rule: Rule, node: Node, reporter: Reporter) -> RuleParts:
    branches = list(_branches(_value(node, "when"), rule.when, reporter, with_whole=False))
    steps = _value(node, "steps")
    for step, step_node in zip(rule.steps, steps.nodes if isinstance(steps, Items) else (), strict=True):
        branches += _branches(_value(step_node, "when"), step.when, reporter, with_whole=True)
    name = _value(node, "name") or node
    line, column = reporter.source.place(name.span.start)
    return RuleParts(rule=rule, line=line, column=column, branches=tuple(branches))


def _branches(
    node: Node | None, expression: Expression | None, reporter: Reporter, *, with_whole: bool
) -> Iterator[Branch]:
    syntax = parse(node, reporter) if isinstance(node, Scalar) else None
    if syntax is None or expression is None:
        return
    if with_whole:
        yield _branch(syntax.span, expression, reporter)
    yield from _below(syntax, expression, reporter)


def _below(syntax: Syntax, expression: Expression, reporter: Reporter) -> Iterator[Branch]:
    """Parts of and, or and not; the checker has kept the tree's form."""
    if isinstance(syntax, Junction) and isinstance(expression, And | Or):
        for part, meaning in zip(syntax.parts, expression.parts, strict=True):
            yield _branch(part.span, meaning, reporter)
            yield from _below(part, meaning, reporter)
    elif isinstance(syntax, Inversion) and isinstance(expression, Not):
        yield from _below(syntax.part, expression.part, reporter)


def _branch(span: Span, expression: Expression, reporter: Reporter) -> Branch:
    line, column = reporter.source.place(span.start)
    text = " ".join(reporter.source.text[span.start : span.end].split())
    return Branch(text=text, line=line, column=column, expression=expression)


def _value(node: Node | None, key: str) -> Node | None:
    if not isinstance(node, Table):
        return None
    return next((entry.value for entry in node.entries if entry.key.value == key), None)
