"""Syntax trees to the core's expressions: names, units and truth are checked, every slip is said where it stands.

What comes out names only readings the group has, compares like with like, and is a condition where one is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from autoscaler.core.expressions import (
    NAMES,
    And,
    Compare,
    Expression,
    Literal,
    Name,
    Negate,
    Not,
    Operator,
    Or,
    Relation,
    Scope,
    Unit,
)
from autoscaler.rulebook.calling import check_call
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.parsing import parse
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted
from autoscaler.rulebook.syntax import (
    Calculation,
    Calling,
    Comparison,
    Inversion,
    Junction,
    Minus,
    Number,
    Reading,
    Syntax,
    Text,
)
from autoscaler.rulebook.typed import TypedPart
from autoscaler.rulebook.units import combined, comparable
from autoscaler.rulebook.vocabulary import STATES, Vocabulary

__all__ = ["Measured", "compile_condition", "compile_value"]


@dataclass(frozen=True, slots=True)
class Measured:
    """An expression that gives a number, and what the number counts."""

    expression: Expression
    unit: Unit


def compile_condition(scalar: Scalar, vocabulary: Vocabulary, reporter: Reporter) -> Expression | None:
    """The condition a text stands for, or None after reporting."""
    syntax = None if reporter.is_full else parse(scalar, reporter)
    typed = None if syntax is None else _Checker(vocabulary, reporter).condition(syntax)
    return None if typed is None else typed.expression


def compile_value(scalar: Scalar, vocabulary: Vocabulary, reporter: Reporter) -> Measured | None:
    """The number a text stands for, or None after reporting."""
    syntax = parse(scalar, reporter)
    typed = None if syntax is None else _Checker(vocabulary, reporter).number(syntax)
    return None if typed is None else Measured(typed.expression, typed.unit)


class _Checker:
    """Walks a tree once, left to right; None means reported."""

    def __init__(self, vocabulary: Vocabulary, reporter: Reporter) -> None:
        self._vocabulary = vocabulary
        self._reporter = reporter

    def condition(self, syntax: Syntax) -> TypedPart | None:
        """A part that must be a condition."""
        typed = self._part(syntax)
        if typed is not None and typed.unit is not Unit.TRUTH:
            help_ = "compare it with something, as in queue.waiting > 20"
            if isinstance(syntax, Number):
                help_ = "compare it with a reading; leave when out for a rule that always holds"
            self._say(Code.NOT_A_CONDITION, syntax.span, "this is a value, not a condition", help_)
            return None
        return typed

    def number(self, syntax: Syntax) -> TypedPart | None:
        """A part that must be a number."""
        typed = self._part(syntax)
        if typed is None:
            return None
        if typed.unit is Unit.TRUTH:
            help_ = "use and, or and not to join conditions"
            self._say(Code.NOT_A_CONDITION, syntax.span, "this is a condition where a number belongs", help_)
            return None
        if typed.unit is Unit.TEXT:
            self._say(
                Code.WRONG_UNIT, syntax.span, "this is text where a number belongs", "use a reading that is a number"
            )
            return None
        return typed

    def _part(self, syntax: Syntax) -> TypedPart | None:
        match syntax:
            case Number():
                bare = syntax.value if syntax.unit is Unit.COUNT else None
                return TypedPart(Literal(syntax.value, syntax.unit), syntax.unit, syntax.span, syntax.value, bare)
            case Text():
                return TypedPart(Literal(syntax.value, Unit.TEXT), Unit.TEXT, syntax.span, None, None, is_constant=True)
            case Reading():
                return self._reading(syntax)
            case Comparison():
                return self._comparison(syntax)
            case Junction():
                return self._junction(syntax)
            case Inversion():
                part = self.condition(syntax.part)
                return part and TypedPart(Not(part.expression), Unit.TRUTH, syntax.span)
            case Calculation():
                return self._calculation(syntax)
            case Minus():
                return self._minus(syntax)
            case Calling():
                return check_call(syntax, self.number, self._reporter)
            case _:
                assert_never(syntax)

    def _junction(self, syntax: Junction) -> TypedPart | None:
        parts = [self.condition(part) for part in syntax.parts]
        found = tuple(part.expression for part in parts if part is not None)
        if len(found) < len(parts):
            return None
        if not syntax.is_and:
            return TypedPart(Or(found), Unit.TRUTH, syntax.span)
        return TypedPart(And(found), Unit.TRUTH, syntax.span)

    def _minus(self, syntax: Minus) -> TypedPart | None:
        part = self.number(syntax.part)
        if part is None:
            return None
        value = None if part.value is None else -part.value
        return TypedPart(Negate(part.expression), part.unit, syntax.span, value, None if part.bare is None else value)

    def _calculation(self, syntax: Calculation) -> TypedPart | None:
        left, right = self.number(syntax.left), self.number(syntax.right)
        if left is None or right is None:
            return None
        if syntax.operator is Operator.DIV and right.value == 0:
            self._say(Code.CONSTANT, syntax.right.span, "division by zero is never known", "divide by something else")
            return None
        return combined(syntax.operator, left, right, syntax.span, self._reporter)

    def _comparison(self, syntax: Comparison) -> TypedPart | None:
        left, right = self._part(syntax.left), self._part(syntax.right)
        if left is None or right is None:
            return None
        if Unit.TRUTH in {left.unit, right.unit}:
            place = left.span if left.unit is Unit.TRUTH else right.span
            self._say(Code.NOT_A_CONDITION, place, "a condition can't be compared", "join conditions with and, or, not")
            return None
        if left.is_constant and right.is_constant:
            self._say(
                Code.CONSTANT, syntax.span, "this compares constants, so it never changes", "name a reading on one side"
            )
            return None
        if Unit.TEXT in {left.unit, right.unit}:
            if not self._texts(syntax.relation, left, right, syntax.span):
                return None
        elif not comparable(left, right, syntax.span, self._reporter):
            return None
        expression = Compare(syntax.relation, left.expression, right.expression)
        return TypedPart(expression, Unit.TRUTH, syntax.span)

    def _texts(self, relation: Relation, left: TypedPart, right: TypedPart, span: Span) -> bool:
        if left.unit is not right.unit:
            number, word = (right, left) if left.unit is Unit.TEXT else (left, right)
            help_ = "compare numbers with numbers" if not word.is_constant else "write the number without quotes"
            self._say(Code.WRONG_UNIT, span, f"text is compared with {_article(number.unit)}", help_)
            return False
        if relation not in {Relation.EQ, Relation.NE}:
            self._say(
                Code.WRONG_UNIT, span, f'texts have no order, so "{relation.value}" can\'t compare them', "use == or !="
            )
            return False
        for name, word in ((left, right), (right, left)):
            if isinstance(name.expression, Name) and isinstance(word.expression, Literal):
                return self._word(name.expression, str(word.expression.value), word.span)
        return True

    def _word(self, name: Name, word: str, span: Span) -> bool:
        known = STATES if name.name == "state" else self._vocabulary.tiers
        if known is None or word in known:
            return True
        noun = "agent state" if name.name == "state" else "tier"
        close = did_you_mean(word, known)
        if close is not None:
            help_ = f"did you mean {quoted(close)}?"
        else:
            help_ = f"it can be {joined(known)}" if known else "this file has no tiers; add them under agents.tiers"
        self._say(Code.UNKNOWN_WORD, span, f"there is no {noun} {quoted(word)}", help_)
        return False

    def _reading(self, syntax: Reading) -> TypedPart | None:
        if not syntax.scope:
            self._bare_word(syntax)
            return None
        written = f"{syntax.scope}.{syntax.name}"
        scope = next((scope for scope in Scope if scope.value == syntax.scope), None)
        if scope is Scope.INPUT:
            return self._input(syntax)
        if scope is None or syntax.name not in NAMES[scope]:
            close = did_you_mean(written, self._vocabulary.known())
            if close is not None:
                help_ = f"did you mean {quoted(close)}?"
            elif scope is None:
                help_ = "names start with queue. group. agent. or input."
            else:
                help_ = f"{scope.value}. has {', '.join(NAMES[scope])}"
            self._say(Code.UNKNOWN_NAME, syntax.span, f"there is no reading {quoted(written)}", help_)
            return None
        if not self._queue_is_known(syntax, scope):
            return None
        unit = NAMES[scope][syntax.name]
        return TypedPart(Name(scope, syntax.name, syntax.queue), unit, syntax.span)

    def _queue_is_known(self, syntax: Reading, scope: Scope) -> bool:
        queues = self._vocabulary.queues
        if scope is not Scope.QUEUE:
            if syntax.queue is not None:
                help_ = f"write {syntax.scope}.{syntax.name}"
                self._say(
                    Code.SYNTAX, syntax.queue_span, f"only queue takes an id in brackets, not {syntax.scope}", help_
                )
                return False
            return True
        if queues is None:
            return True
        if not queues:
            help_ = "add the skill queue ids under queues:"
            self._say(Code.UNKNOWN_NAME, syntax.span, "this group has no queues to read", help_)
            return False
        if syntax.queue is not None and syntax.queue not in queues:
            listed = joined(str(queue) for queue in sorted(queues)[:10])
            help_ = f"the group has {listed}; add {syntax.queue} under queues: to use it"
            self._say(Code.FOREIGN_QUEUE, syntax.queue_span, f"{syntax.queue} is not a queue of this group", help_)
            return False
        return True

    def _input(self, syntax: Reading) -> TypedPart | None:
        inputs = self._vocabulary.inputs
        if syntax.queue is not None:
            help_ = f"write input.{syntax.name}"
            self._say(Code.SYNTAX, syntax.queue_span, "only queue takes an id in brackets, not input", help_)
            return None
        if inputs is not None and syntax.name not in inputs:
            close = did_you_mean(syntax.name, inputs)
            help_ = f'did you mean "input.{close}"?' if close else f"describe {syntax.name} under inputs:"
            self._say(Code.UNKNOWN_NAME, syntax.span, f"there is no input {quoted(syntax.name)}", help_)
            return None
        return TypedPart(Name(Scope.INPUT, syntax.name), Unit.ANY, syntax.span)

    def _bare_word(self, syntax: Reading) -> None:
        word = syntax.name
        if word in STATES or word in (self._vocabulary.tiers or ()):
            help_ = f'put text in quotes: "{word}"'
        elif word.lower() in {"true", "false"}:
            help_ = "a condition is a comparison; leave when out for a rule that always holds"
        else:
            known = self._vocabulary.known()
            by_tail = next((name for name in known if name.split(".")[1] == word.lower()), None)
            close = by_tail or did_you_mean(word, known)
            help_ = f"did you mean {quoted(close)}?" if close else "names start with queue. group. agent. or input."
        self._say(Code.UNKNOWN_NAME, syntax.span, f"there is no reading {quoted(word)}", help_)

    def _say(self, code: Code, span: Span, message: str, help_: str) -> None:
        self._reporter.report(code, span, message, help_)


def _article(unit: Unit) -> str:
    return {Unit.SECONDS: "seconds", Unit.RATIO: "a share"}.get(unit, "a number")
