"""Tokens to a syntax tree: a recursive-descent parser, bounded in depth.

Loosest first: or, and, not, one comparison, + -, * /, minus, then names, calls, brackets.
"""

from __future__ import annotations

from collections.abc import Sequence

from autoscaler.core.expressions import Operator, Relation, Unit
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import quoted
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
from autoscaler.rulebook.tokens import Token, TokenKind, tokenize

__all__ = ["DEEPEST", "parse"]

DEEPEST = 40
"""Levels of a tree; what walks it afterwards may recurse."""


def parse(scalar: Scalar, reporter: Reporter) -> Syntax | None:
    """The tree of the text, or None after reporting why there is none."""
    tokens = tokenize(scalar, reporter)
    if tokens is None:
        return None
    try:
        return _Parser(tokens, reporter).whole()
    except _Stuck as stuck:
        reporter.report(stuck.code, stuck.span, stuck.message, stuck.help)
        return None


class _Stuck(Exception):
    """Nothing sensible can be read from here on."""

    def __init__(self, code: Code, span: Span, message: str, help_: str) -> None:
        super().__init__(message)
        self.code, self.span, self.message, self.help = code, span, message, help_


_RELATIONS = {relation.value: relation for relation in Relation}
_SUMS = {"+": Operator.ADD, "-": Operator.SUB}
_PRODUCTS = {"*": Operator.MUL, "/": Operator.DIV}
_KEYWORDS = {"and", "or", "not"}
_UNITS = {TokenKind.NUMBER: Unit.COUNT, TokenKind.SECONDS: Unit.SECONDS, TokenKind.SHARE: Unit.RATIO}


class _Parser:
    def __init__(self, tokens: Sequence[Token], reporter: Reporter) -> None:
        self._tokens = tokens
        self._at = 0
        self._level = 0
        self._reporter = reporter

    def whole(self) -> Syntax:
        tree = self._or()
        token = self._token
        if token.kind is not TokenKind.END:
            raise self._unexpected(token, "where the expression should have ended")
        return tree

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._token
        self._at += 1
        return token

    def _next_is(self, *texts: str) -> bool:
        token = self._token
        if token.kind is TokenKind.WORD and token.text not in _KEYWORDS and token.text.lower() in texts:
            raise _Stuck(Code.SYNTAX, token.span, f"{quoted(token.text)} in capitals", f"write {token.text.lower()}")
        return token.kind in {TokenKind.SIGN, TokenKind.WORD} and token.text in texts

    def _or(self) -> Syntax:
        return self._junction("or")

    def _junction(self, word: str) -> Syntax:
        below = self._not if word == "and" else lambda: self._junction("and")
        parts = [below()]
        while self._next_is(word):
            self._take()
            parts.append(below())
        if len(parts) == 1:
            return parts[0]
        span = _across(parts[0], parts[-1])
        return Junction(word == "and", tuple(parts), span, self._depth(span, *parts))

    def _not(self) -> Syntax:
        if not self._next_is("not"):
            return self._comparison()
        start = self._deeper()
        part = self._not()
        self._level -= 1
        span = Span(start.span.start, part.span.end)
        return Inversion(part, span, self._depth(span, part))

    def _comparison(self) -> Syntax:
        left = self._sum()
        if not self._next_is(*_RELATIONS):
            return left
        relation = _RELATIONS[self._take().text]
        right = self._sum()
        span = _across(left, right)
        if self._next_is(*_RELATIONS):
            self._chain(left, right, span)
        return Comparison(relation, left, right, span, self._depth(span, left, right))

    def _chain(self, left: Syntax, middle: Syntax, span: Span) -> None:
        sign = self._take()
        third = self._sum()
        text = self._reporter.source.text
        first = text[span.start : span.end]
        second = f"{text[middle.span.start : middle.span.end]} {sign.text} {text[third.span.start : third.span.end]}"
        whole = Span(left.span.start, third.span.end)
        message = "comparisons in a row: only two values can be compared at a time"
        raise _Stuck(Code.CHAIN, whole, message, f"write {' '.join(first.split())} and {' '.join(second.split())}")

    def _sum(self) -> Syntax:
        return self._operators(_SUMS)

    def _operators(self, table: dict[str, Operator]) -> Syntax:
        below = self._minus if table is _PRODUCTS else lambda: self._operators(_PRODUCTS)
        left = below()
        while self._next_is(*table):
            operator = table[self._take().text]
            right = below()
            span = _across(left, right)
            left = Calculation(operator, left, right, span, self._depth(span, left, right))
        return left

    def _minus(self) -> Syntax:
        if not self._next_is("-"):
            return self._primary()
        start = self._deeper()
        is_literal = self._token.kind in _UNITS
        part = self._minus()
        self._level -= 1
        span = Span(start.span.start, part.span.end)
        if is_literal and isinstance(part, Number):
            return Number(-part.value, part.unit, f"-{part.text}", span)
        return Minus(part, span, self._depth(span, part))

    def _primary(self) -> Syntax:
        token = self._token
        if token.kind in _UNITS:
            self._take()
            return Number(token.value, _UNITS[token.kind], token.text, token.span)
        if token.kind is TokenKind.TEXT:
            self._take()
            return Text(token.text, token.span)
        if token.kind is TokenKind.WORD and token.text not in _KEYWORDS:
            return self._name()
        if token.kind is TokenKind.SIGN and token.text == "(":
            self._deeper()
            tree = self._or()
            self._close(")", token)
            self._level -= 1
            return tree
        raise self._unexpected(token, "where a value belongs")

    def _name(self) -> Syntax:
        first = self._take()
        if self._next_is("("):
            return self._call(first)
        queue, queue_span = None, first.span
        if self._next_is("["):
            opened = self._take()
            number = self._take()
            if number.kind is not TokenKind.NUMBER or not number.text.isdecimal():
                raise self._unexpected(number, "where a queue id belongs", "write queue[2001].waiting")
            self._close("]", opened)
            queue, queue_span = int(number.text), number.span
            if not self._next_is("."):
                raise self._unexpected(self._token, "where a reading's name belongs", "write queue[2001].waiting")
        if not self._next_is("."):
            return Reading("", first.text, None, first.span, first.span)
        self._take()
        name = self._take()
        if name.kind is not TokenKind.WORD:
            raise self._unexpected(
                name, "where a reading's name belongs", f"write a name after {quoted(first.text + '.')}"
            )
        return Reading(first.text, name.text, queue, Span(first.span.start, name.span.end), queue_span)

    def _call(self, first: Token) -> Syntax:
        opened = self._deeper()
        arguments: list[Syntax] = []
        if not self._next_is(")"):
            arguments.append(self._or())
            while self._next_is(","):
                self._take()
                arguments.append(self._or())
        closed = self._close(")", opened)
        self._level -= 1
        span = Span(first.span.start, closed.span.end)
        return Calling(first.text, tuple(arguments), span, first.span, self._depth(span, *arguments))

    def _close(self, sign: str, opened: Token) -> Token:
        if self._next_is(sign):
            return self._take()
        if self._token.kind is TokenKind.END:
            raise _Stuck(Code.SYNTAX, opened.span, f'the "{opened.text}" opened here is not closed', f'add "{sign}"')
        raise self._unexpected(self._token, f'where "{sign}" belongs')

    def _deeper(self) -> Token:
        token = self._take()
        self._level += 1
        if self._level > DEEPEST:
            raise _Stuck(
                Code.TOO_COMPLEX, token.span, f"nested more than {DEEPEST} deep", "split it into several rules"
            )
        return token

    def _depth(self, span: Span, *parts: Syntax) -> int:
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > DEEPEST:
            message = f"more than {DEEPEST} operations in a row"
            raise _Stuck(Code.TOO_COMPLEX, span, message, "split it into several rules")
        return depth

    def _unexpected(self, token: Token, where: str, help_: str = "") -> _Stuck:
        if token.kind is TokenKind.END:
            return _Stuck(
                Code.SYNTAX, token.span, "the expression ends too early", help_ or "complete it, or take out its end"
            )
        if not help_ and "ended" in where:
            help_ = 'join conditions with "and" or "or", and put text in quotes'
        shown = f'"{token.text}"' if token.kind is TokenKind.TEXT else quoted(token.text)
        return _Stuck(
            Code.SYNTAX,
            token.span,
            f"{shown} {where}",
            help_ or "write a name, a number, a text in quotes or a bracket",
        )


def _across(first: Syntax, last: Syntax) -> Span:
    return Span(first.span.start, last.span.end)
