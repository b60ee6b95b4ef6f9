"""Function calls: how many arguments, of which unit, and the ones that look at the past."""

from __future__ import annotations

from collections.abc import Callable

from autoscaler.core.expressions import (
    LEAST_AHEAD_S,
    MOST_AHEAD_S,
    Call,
    Function,
    OverTime,
    TimeFunction,
    Unit,
    speaks_of_agent,
)
from autoscaler.core.printing import in_words
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.measures import DAY
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.suggestions import did_you_mean, quoted
from autoscaler.rulebook.syntax import Calculation, Calling, Minus, Number, Syntax
from autoscaler.rulebook.typed import TypedPart
from autoscaler.rulebook.units import common_unit

__all__ = ["check_call"]

_FUNCTIONS = {function.value: function for function in Function}
_OVER_TIME = {function.value: function for function in TimeFunction}


def check_call(call: Calling, number: Callable[[Syntax], TypedPart | None], reporter: Reporter) -> TypedPart | None:
    """The call as a typed part; `number` checks one argument. None after reporting."""
    if call.name in _OVER_TIME:
        return _over_time(call, number, reporter)
    function = _FUNCTIONS.get(call.name)
    if function is None:
        known = [*_FUNCTIONS, *_OVER_TIME]
        close = did_you_mean(call.name, known)
        help_ = f"did you mean {quoted(close)}?" if close else f"the functions are {', '.join(known)}"
        reporter.report(Code.FUNCTION, call.name_span, f"there is no function {quoted(call.name)}", help_)
        return None
    is_open = function in {Function.MIN, Function.MAX}
    if len(call.arguments) < 2 if is_open else len(call.arguments) != 1:
        wanted = "two or more numbers" if is_open else "one number"
        example = f"{call.name}(group.spare, 10)" if is_open else f"{call.name}(group.mean_limit)"
        reporter.report(Code.FUNCTION, call.span, f"{call.name} takes {wanted}", f"write it as in {example}")
        return None
    arguments = [number(argument) for argument in call.arguments]
    found = [argument for argument in arguments if argument is not None]
    if len(found) < len(arguments):
        return None
    first = found[0]
    unit = first.unit
    for other in found[1:]:
        shared = common_unit(first, other, call.span, reporter, "put together with")
        if shared is None:
            return None
        unit = shared
        first = first if first.unit is unit and first.bare is None else other
    expression = Call(function, tuple(part.expression for part in found))
    return TypedPart(expression, unit, call.span, is_constant=all(part.is_constant for part in found))


def _over_time(call: Calling, number: Callable[[Syntax], TypedPart | None], reporter: Reporter) -> TypedPart | None:
    function = _OVER_TIME[call.name]
    looks_ahead = function is TimeFunction.FORECAST
    way, least, most = ("ahead", LEAST_AHEAD_S, MOST_AHEAD_S) if looks_ahead else ("over", 1.0, DAY)
    help_ = f"write {call.name}({'queue.arrivals_per_minute, 15m' if looks_ahead else 'queue.waiting, 5m'})"
    if len(call.arguments) != 2:
        reporter.report(Code.FUNCTION, call.span, f"{call.name} takes a reading and a duration", help_)
        return None
    argument, window = number(call.arguments[0]), call.arguments[1]
    if not isinstance(window, Number) or window.unit is not Unit.SECONDS or not least <= window.value <= most:
        message = f"{call.name} looks {way} a duration from {in_words(least)} to {in_words(most)}"
        reporter.report(Code.FUNCTION, window.span, message, help_)
        return None
    if argument is None:
        return None
    if argument.is_constant:
        message = f"{call.name} of a constant never changes"
        reporter.report(Code.CONSTANT, argument.span, message, "name a reading")
        return None
    if speaks_of_agent(argument.expression):
        message = f"{call.name} looks at the whole group, not at single agents"
        reporter.report(Code.FUNCTION, argument.span, message, "use queue.*, group.* or input.*")
        return None
    if _looks_back(call.arguments[0]):
        message = f"{call.name} of a function over time"
        reporter.report(Code.FUNCTION, argument.span, message, "use one of them")
        return None
    return TypedPart(OverTime(function, argument.expression, window.value), argument.unit, call.span)


def _looks_back(syntax: Syntax) -> bool:
    match syntax:
        case Calling():
            return syntax.name in _OVER_TIME or any(_looks_back(argument) for argument in syntax.arguments)
        case Calculation():
            return _looks_back(syntax.left) or _looks_back(syntax.right)
        case Minus():
            return _looks_back(syntax.part)
        case _:
            return False  # an argument is a number, so no condition is inside it
