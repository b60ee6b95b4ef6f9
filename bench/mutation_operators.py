"""Small faults for a module's source: each mutant changes one node of its syntax tree.

Texts, types and what only guards against mistakes of the code itself (`strict=`, `assert_never`) stay as they are: what
a sentence says is for readers to judge, and the others do nothing while the code is right.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mutant", "mutants_of"]

_RELATIONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "minimum": "maximum",
    "maximum": "minimum",
    "fmin": "fmax",
    "fmax": "fmin",
    "ceil": "floor",
    "floor": "ceil",
    "trunc": "ceil",
    "zeros": "ones",
    "ones": "zeros",
}
_LEFT_ALONE = {"dtype", "kind", "strict"}
_DEFAULTED = {"where", "default", "axis", "minlength"}
"""Keywords of numpy and the builtins that may be left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Mutant:
    """One fault.

    Attributes:
        module: Name inside the core, dotted.
        inside: Function or method that holds it, "" for the module's own statements, defaults and decorators.
        lines: First and last line of the smallest statement around it.
        what: The change in words.
        parent, field, index: Where the node hangs in the tree; `index` is None where the field is no list.
        replacement: What hangs there instead.
    """

    module: str
    inside: str
    lines: tuple[int, int]
    what: str
    parent: ast.AST
    field: str
    index: int | None
    replacement: ast.AST

    def apply(self) -> None:
        """Change the tree; nobody changes it back."""
        if self.index is None:
            setattr(self.parent, self.field, self.replacement)
        else:
            getattr(self.parent, self.field)[self.index] = self.replacement


def mutants_of(path: Path, module: str) -> tuple[ast.Module, list[Mutant]]:
    """The tree of a file, and every fault for it in the order of the source."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    found: list[Mutant] = []
    _Walk(module, found).statements(tree, "body", "", known=set())
    return tree, found


class _Walk:
    """Goes through a tree and notes the mutants of every node."""

    def __init__(self, module: str, found: list[Mutant]) -> None:
        self._module = module
        self._found = found

    def statements(self, parent: ast.AST, field: str, inside: str, *, known: set[str]) -> None:
        for index, one in enumerate(getattr(parent, field)):
            self._statement(one, parent, field, index, inside, known)

    def _statement(self, one: ast.stmt, parent: ast.AST, field: str, index: int, inside: str, known: set[str]) -> None:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            self._definition(one, inside)
            return
        lines = _head(one)
        if inside and _may_go(one, known):
            self._note(inside, lines, one, ast.Pass(), parent, field, index)
        if isinstance(one, ast.Return) and one.value is not None and not _is_none(one.value):
            self._note(inside, lines, one, ast.Return(ast.Constant(None)), parent, field, index)
        if isinstance(one, ast.If | ast.While):
            self._negated(one, "test", None, inside, lines)
        for name, value in ast.iter_fields(one):
            if name in {"body", "orelse", "finalbody"}:
                self.statements(one, name, inside, known=known)
            elif name in {"cases", "handlers"}:
                for case in value:
                    if isinstance(case, ast.match_case) and case.guard is not None:
                        self._negated(case, "guard", None, inside, (case.guard.lineno, case.guard.lineno))
                        self._expression(case.guard, case, "guard", None, inside, (case.guard.lineno,) * 2)
                    self.statements(case, "body", inside, known=known)
            elif name != "annotation":
                self._fields(one, name, value, inside, lines)
        known |= {name.id for name in ast.walk(one) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}

    def _definition(self, one: ast.FunctionDef | ast.ClassDef, inside: str) -> None:
        name = f"{inside}.{one.name}" if inside else one.name
        if isinstance(one, ast.ClassDef):
            for index, inner in enumerate(one.body):
                # a class's own statements run when the module does
                self._statement(inner, one, "body", index, name if isinstance(inner, ast.FunctionDef) else "", set())
            return
        outer = inside if inside and inside[0].islower() else ""
        for field in ("defaults", "kw_defaults"):
            for index, default in enumerate(getattr(one.args, field)):
                if default is not None:
                    self._expression(default, one.args, field, index, outer, (default.lineno, default.lineno))
        arguments = {argument.arg for argument in (*one.args.args, *one.args.kwonlyargs)}
        self.statements(one, "body", name, known=arguments)

    def _fields(self, parent: ast.AST, field: str, value: object, inside: str, lines: tuple[int, int]) -> None:
        if isinstance(value, ast.expr):
            self._expression(value, parent, field, None, inside, lines)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ast.expr):
                    self._expression(item, parent, field, index, inside, lines)
                elif isinstance(item, ast.keyword | ast.comprehension):
                    for name, inner in ast.iter_fields(item):
                        if not (isinstance(item, ast.keyword) and item.arg in _LEFT_ALONE):
                            self._fields(item, name, inner, inside, lines)

    def _expression(
        self, node: ast.expr, parent: ast.AST, field: str, index: int | None, inside: str, lines: tuple[int, int]
    ) -> None:
        for replacement in _replacements(node):
            self._note(inside, lines, node, replacement, parent, field, index)
        if isinstance(node, ast.IfExp):
            self._negated(node, "test", None, inside, lines)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Call) and _is_named(node.func, "TypeVar", "cast")):
            return
        for name, value in ast.iter_fields(node):
            is_types = isinstance(node, ast.Call) and name == "args" and _is_named(node.func, "isinstance")
            if isinstance(node, ast.Subscript) and name == "slice" and isinstance(node.value, ast.Name | ast.Attribute):
                is_types = _is_named(node.value, "tuple", "list", "dict", "NDArray", "frozenset", "Callable")
            if not is_types:
                self._fields(node, name, value, inside, lines)
        for comprehension in getattr(node, "generators", ()):
            for place in range(len(comprehension.ifs)):
                self._negated(comprehension, "ifs", place, inside, lines)

    def _negated(self, parent: ast.AST, field: str, index: int | None, inside: str, lines: tuple[int, int]) -> None:
        test = getattr(parent, field) if index is None else getattr(parent, field)[index]
        if _is_plain(test):
            self._note(inside, lines, test, ast.UnaryOp(ast.Not(), test), parent, field, index)

    def _note(
        self,
        inside: str,
        lines: tuple[int, int],
        node: ast.AST,
        replacement: ast.AST,
        parent: ast.AST,
        field: str,
        index: int | None,
    ) -> None:
        ast.copy_location(replacement, node)
        ast.fix_missing_locations(replacement)
        what = f"{_short(node)} → {_short(replacement)}"
        self._found.append(Mutant(self._module, inside, lines, what, parent, field, index, replacement))


def _replacements(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left, ops, comparators):
            for place, relation in enumerate(ops):
                for other in _RELATIONS[type(relation)]:
                    yield ast.Compare(left, [*ops[:place], other(), *ops[place + 1 :]], comparators)
        case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC and not _is_union(node):
            yield ast.BinOp(left, _ARITHMETIC[type(operator)](), right)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Call():
            yield from _other_calls(node)


def _other_calls(node: ast.Call) -> Iterator[ast.expr]:
    match node.func:
        case ast.Name(name) if name in _NAMES:
            yield ast.Call(ast.Name(_NAMES[name], ast.Load()), node.args, node.keywords)
        case ast.Attribute(value, name) if name in _NAMES:
            yield ast.Call(ast.Attribute(value, _NAMES[name], ast.Load()), node.args, node.keywords)
        case ast.Attribute(ast.Name("np"), "where"):
            condition, one, other = node.args
            yield ast.Call(node.func, [condition, other, one], [])
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in _DEFAULTED:
            yield ast.Call(node.func, node.args, [*node.keywords[:place], *node.keywords[place + 1 :]])


def _may_go(one: ast.stmt, known: set[str]) -> bool:
    """Whether a statement can be left out and the rest still runs."""
    match one:
        case ast.AugAssign() | ast.Continue() | ast.Break() | ast.Raise() | ast.Assert() | ast.Return(None):
            return True
        case ast.Expr(ast.Constant()):
            return False  # a docstring
        case ast.Expr(ast.Call(called)):
            return not _is_named(called, "assert_never")
        case ast.Assign(targets):
            names = [name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            return all(isinstance(name.ctx, ast.Load) or name.id in known for name in names)
        case _:
            return False


def _head(one: ast.stmt) -> tuple[int, int]:
    """Lines of a statement without the statements in it."""
    match one:
        case ast.If(test) | ast.While(test):
            return test.lineno, test.end_lineno or test.lineno
        case ast.For(_, iterable):
            return one.lineno, iterable.end_lineno or one.lineno
        case ast.Match() | ast.With() | ast.Try():
            return one.lineno, one.lineno
        case _:
            return one.lineno, one.end_lineno or one.lineno


def _is_plain(test: ast.expr) -> bool:
    """A test that no other operator turns round."""
    return not isinstance(test, ast.Compare | ast.UnaryOp | ast.Constant)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _is_named(node: ast.expr, *names: str) -> bool:
    return (isinstance(node, ast.Name) and node.id in names) or (isinstance(node, ast.Attribute) and node.attr in names)


def _is_union(node: ast.BinOp) -> bool:
    """`int | None`: a type, not arithmetic."""
    if not isinstance(node.op, ast.BitOr):
        return False
    return any(
        (isinstance(side, ast.Name) and side.id[:1].isupper())
        or (isinstance(side, ast.BinOp) and _is_union(side))
        or (isinstance(side, ast.Name) and side.id in {"int", "float", "str", "slice", "bool"})
        for side in (node.left, node.right)
    )


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(copy.copy(node)).split())
    return text if len(text) <= 110 else f"{text[:107]}…"
