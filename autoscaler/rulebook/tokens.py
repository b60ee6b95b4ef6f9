"""Expression text to tokens, each with its place in the file.

Operators of other languages are reported and read as what they stand for, so one slip gives one message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.measures import in_seconds, seconds_hint, share_value
from autoscaler.rulebook.nodes import Scalar
from autoscaler.rulebook.positions import offsets_of
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.source import Span
from autoscaler.rulebook.suggestions import quoted

__all__ = ["LONGEST", "Token", "TokenKind", "tokenize"]

LONGEST = 2000
"""Characters of one expression."""


class TokenKind(Enum):
    """What a token is."""

    NUMBER = "a number"
    SECONDS = "a duration"
    SHARE = "a percentage"
    TEXT = "text"
    WORD = "a name"
    SIGN = "a sign"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        text: Sign or word as it is meant; of TEXT what stands between the quotes.
        value: Of NUMBER, SECONDS (s) and SHARE (ratio), else 0.
        span: In the file.
    """

    kind: TokenKind
    text: str
    value: float
    span: Span


_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[0-9][0-9A-Za-z_.]*%?|\.[0-9]+%?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEXT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_SIGN = re.compile(r"[<>=!]=|[<>()\[\].,+\-*/]")
_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_FOREIGN = (
    ("===", "==", "=="),
    ("!==", "!=", "!="),
    ("=>", ">=", ">="),
    ("=<", "<=", "<="),
    ("<>", "!=", "!="),
    ("&&", "and", "and"),
    ("||", "or", "or"),
    ("**", "*", "x * x"),
    ("//", "/", "/"),
    ("&", "and", "and"),
    ("|", "or", "or"),
    ("!", "not", "not"),
    ("=", "==", "=="),
    ("≥", ">=", ">="),
    ("≤", "<=", "<="),
    ("≠", "!=", "!="),
    ("×", "*", "*"),
    ("÷", "/", "/"),
    ("−", "-", "-"),
    ("–", "-", "-"),
)
_CURLY = "“”„‘’‚«»"


def tokenize(scalar: Scalar, reporter: Reporter) -> list[Token] | None:
    """The tokens and an END; None after reporting a character that can't be part of an expression."""
    text = scalar.value
    if len(text) > LONGEST:
        message = f"the expression has {len(text)} characters, more than {LONGEST}"
        reporter.report(Code.TOO_COMPLEX, scalar.span, message, "split it into several rules")
        return None
    offsets = offsets_of(scalar, reporter.source.text)
    tokens: list[Token] = []
    at = 0

    def span(start: int, end: int) -> Span:
        return Span(offsets[start], max(offsets[end - 1] + 1, offsets[start]) if end > start else offsets[start])

    while at < len(text):
        if match := _SPACE.match(text, at):
            at = match.end()
            continue
        if foreign := _foreign(text, at):
            sign, meant, advice = foreign
            place = span(at, at + len(sign))
            reporter.report(Code.FOREIGN_OPERATOR, place, f"{quoted(sign)} is not an operator here", f"write {advice}")
            kind = TokenKind.WORD if meant.isalpha() else TokenKind.SIGN
            tokens.append(Token(kind, meant, 0.0, place))
            at += len(sign)
        elif match := _NUMBER.match(text, at):
            token = _number(match[0], span(at, match.end()), reporter)
            if token is None:
                return None
            tokens.append(token)
            at = match.end()
        elif match := _WORD.match(text, at):
            tokens.append(Token(TokenKind.WORD, match[0], 0.0, span(at, match.end())))
            at = match.end()
        elif match := _TEXT.match(text, at):
            tokens.append(Token(TokenKind.TEXT, match[0][1:-1], 0.0, span(at, match.end())))
            at = match.end()
        elif match := _SIGN.match(text, at):
            tokens.append(Token(TokenKind.SIGN, match[0], 0.0, span(at, match.end())))
            at = match.end()
        else:
            _stray(text, at, span(at, at + 1), reporter)
            return None
    end = span(len(text) - 1, len(text)).end if text else scalar.span.end
    tokens.append(Token(TokenKind.END, "", 0.0, Span(end, end)))
    return tokens


def _foreign(text: str, at: int) -> tuple[str, str, str] | None:
    if text.startswith(("==", "!=", "<=", ">="), at) and not text.startswith(("===", "!=="), at):
        return None
    return next((row for row in _FOREIGN if text.startswith(row[0], at)), None)


def _number(text: str, span: Span, reporter: Reporter) -> Token | None:
    if _PLAIN.fullmatch(text):
        return Token(TokenKind.NUMBER, text, float(text), span)
    if (seconds := in_seconds(text)) is not None:
        return Token(TokenKind.SECONDS, text, seconds, span)
    if (share := share_value(text)) is not None:
        return Token(TokenKind.SHARE, text, share, span)
    if text.startswith("."):
        help_ = f"write 0{text}"
    elif "_" in text:
        help_ = f"write {text.replace('_', '')}"
    else:
        help_ = seconds_hint(text)
    reporter.report(Code.SYNTAX, span, f"{quoted(text)} is not a number, a duration or a percentage", help_)
    return None


def _stray(text: str, at: int, span: Span, reporter: Reporter) -> None:
    char = text[at]
    if char in "\"'":
        reporter.report(Code.SYNTAX, span, "the quote opened here is not closed", "close it")
    elif char in _CURLY:
        reporter.report(Code.SYNTAX, span, f'typographic quote "{char}"', "write \" or '")
    elif char == "%":
        reporter.report(Code.SYNTAX, span, '"%" stands alone', "write it right after its number, as in 85%")
    else:
        help_ = "an expression holds names, numbers, text in quotes, comparisons, and, or, not"
        reporter.report(Code.SYNTAX, span, f'"{char}" can\'t be part of an expression', help_)
