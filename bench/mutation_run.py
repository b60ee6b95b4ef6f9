"""Runs the core's tests against mutants, each in a fork of a process that has all loaded.

A fault inside a function is put in by exchanging that function's code in the fork, so nothing is imported twice and a
mutant costs little more than the tests that execute its lines. A fault in what runs while a module is imported needs
the module, and all that imports it, to be loaded in the fork.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from time import perf_counter
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np  # noqa: F401 what the tests import is loaded once, before any fork
import orjson
import pytest
from hypothesis import Phase, settings

from bench.mutation_operators import Mutant

__all__ = ["TestsFail", "Verdict", "file_of", "module_of", "run_imported", "run_importing"]

_Cached = type(cache(len))

Verdict = str
"""The test that killed a mutant, `timeout`, or "" when it survived."""


class TestsFail(Exception):
    """The tests do not pass without any mutant, so there is nothing to measure."""


Told = Callable[[Mutant, Verdict], None]

_OPTIONS = ("-q", "-s", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:unraisableexception")
_MEMORY = 3 * 2**30
_LEAST_S = 3.0


def module_of(path: Path, core: Path) -> str:
    """Name of a file's module inside the core, dotted."""
    return ".".join(path.relative_to(core).with_suffix("").parts)


def file_of(module: str, core: Path) -> Path:
    """The other way round."""
    return core.joinpath(*module.split(".")).with_suffix(".py")


def _forked(work: Callable[[], object]) -> Any:
    """What `work` gives in a fork; None when the fork was ended by its alarm or by a fault of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        try:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(orjson.dumps(work(), option=orjson.OPT_NON_STR_KEYS))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return orjson.loads(told) if told else None


def _calm_hypothesis() -> None:
    """The same examples each time, and no search for a smaller one: that a law fails is all that counts."""
    settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate)
    )
    settings.load_profile("mutation")


def run_imported(
    tests: Sequence[str], core: Path, trees: Mapping[str, ast.Module], mutants: Sequence[Mutant], told: Told
) -> list[Mutant]:
    """Run mutants of functions, each against the tests that execute a line of its statement, the fastest first.

    All of it happens in a fork, `told` included: this process imports nothing of the core.

    Returns:
        Mutants whose lines no test executes. What does, if anything, is the import of their module.

    Raises:
        TestsFail: They do so without any mutant.
    """
    _calm_hypothesis()

    def attempt() -> list[int] | str:
        loop = _Loop(core, trees, mutants, told)
        pytest.main([*_OPTIONS, *tests], plugins=[loop])
        return loop.failed or "collecting them" if loop.unreached is None else loop.unreached

    unreached = _forked(attempt)
    if not isinstance(unreached, list):
        raise TestsFail(f"without any mutant {unreached} fails. Try: make test ARGS='{' '.join(tests)}'")
    return [mutants[index] for index in unreached]


def run_importing(
    tests: Sequence[str],
    trees: Mapping[str, ast.Module],
    mutants: Iterable[Mutant],
    told: Told,
    deadliest: Mapping[str, Sequence[str]],
) -> None:
    """Run mutants of what a module's import executes, each against all tests: the files deadly to it first."""
    _calm_hypothesis()
    for mutant in mutants:

        def attempt(mutant: Mutant = mutant) -> str:
            mutant.apply()
            sys.meta_path.insert(0, _Mutated(mutant.module, trees[mutant.module]))
            watch = _FirstFailure(deadliest.get(mutant.module, ()))
            code = pytest.main([*_OPTIONS, "-x", *tests], plugins=[watch])
            return watch.failed or ("collection" if code else "")

        verdict = _forked(attempt)
        told(mutant, "timeout" if verdict is None else verdict)


class _Mutated(MetaPathFinder):
    """Imports one module of the core from its changed tree."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self._name = f"autoscaler.core.{module}"
        self._tree = tree

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        del target
        if fullname != self._name or path is None:
            return None
        file = f"{path[0]}/{fullname.rpartition('.')[2]}.py"
        return spec_from_file_location(fullname, file, loader=_FromTree(fullname, file, self._tree))


class _FromTree(SourceFileLoader):
    def __init__(self, fullname: str, path: str, tree: ast.Module) -> None:
        super().__init__(fullname, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        code: CodeType = compile(self._tree, self.path, "exec", dont_inherit=True)
        return code


class _FirstFailure:
    """Notes the first test that fails, runs some files first and the slow laws last, and ends what takes too long."""

    def __init__(self, first: Sequence[str] = ()) -> None:
        self.failed = ""
        self._places = {file: place for place, file in enumerate(first)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=self._place)

    def _place(self, item: pytest.Item) -> tuple[bool, int]:
        return "test_laws" in item.nodeid, self._places.get(item.nodeid.partition("::")[0], len(self._places))

    def pytest_runtest_setup(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 10 * _LEAST_S)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


class _Loop(_FirstFailure):
    """Takes the place of pytest's own loop over the tests."""

    def __init__(self, core: Path, trees: Mapping[str, ast.Module], mutants: Sequence[Mutant], told: Told) -> None:
        super().__init__()
        self._core = core
        self._trees = trees
        self._mutants = mutants
        self._told = told
        self._items: Sequence[pytest.Item] = ()
        self._durations: Sequence[float] = ()
        self.unreached: list[int] | None = None

    def pytest_runtest_setup(self) -> None:
        """`_run` sets the alarm."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = session.items
        gc.freeze()
        measured = _forked(self._measure)
        if not isinstance(measured, list):
            self.failed = measured or "a test takes too long, so it"
            return True
        self._durations = durations = measured
        traced = _forked(self._trace)
        if not isinstance(traced, list):
            self.failed = "a test that is traced takes too long, so it"
            return True
        of_line: dict[tuple[str, int], set[int]] = defaultdict(set)
        for index, touched in enumerate(traced):
            for module, line in touched:
                of_line[module, line].add(index)
        functions = _functions(self._core)
        recent: dict[str, list[int]] = defaultdict(list)
        self.unreached = []
        for place, mutant in enumerate(self._mutants):
            first, last = mutant.lines
            found = set().union(*(of_line[mutant.module, line] for line in range(first, last + 1)))
            if not found:
                self.unreached.append(place)
                continue
            killers = recent[mutant.module + mutant.inside]
            order = [*(one for one in killers if one in found), *sorted(found - {*killers}, key=durations.__getitem__)]

            def attempt(mutant: Mutant = mutant, order: Sequence[int] = order) -> int:
                mutant.apply()
                _exchange(self._trees[mutant.module], file_of(mutant.module, self._core), functions)
                return self._run(order)

            killer = _forked(attempt)
            if killer is not None and killer >= 0:
                killers[:] = [killer, *(one for one in killers if one != killer)][:10]
            self._told(mutant, "timeout" if killer is None else "" if killer < 0 else self._items[killer].nodeid)
        return True

    def _run(self, order: Sequence[int]) -> int:
        """Run tests until one fails; its index, or -1."""
        for place, index in enumerate(order):
            signal.setitimer(signal.ITIMER_REAL, _LEAST_S + 20 * (self._durations[index] if self._durations else 1))
            following = self._items[order[place + 1]] if place + 1 < len(order) else None
            item = self._items[index]
            _forget()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return index
        return -1

    def _measure(self) -> list[float] | str:
        """Seconds of each test; of one that fails, its name."""
        durations = []
        for index in range(len(self._items)):
            start = perf_counter()
            if self._run([index]) >= 0:
                return self.failed
            durations.append(perf_counter() - start)
        return durations

    def _trace(self) -> list[list[tuple[str, int]]]:
        """Lines of the core that each test executes."""
        core = str(self._core)
        touched: set[tuple[str, int]] = set()

        def line(frame: FrameType, _event: str, _argument: object) -> Any:
            touched.add((frame.f_code.co_filename, frame.f_lineno))
            return line

        def call(frame: FrameType, _event: str, _argument: object) -> Any:
            return line if frame.f_code.co_filename.startswith(core) else None

        result = []
        for index in range(len(self._items)):
            touched.clear()
            sys.settrace(call)
            self._run([index])
            sys.settrace(None)
            result.append([(module_of(Path(file), self._core), number) for file, number in touched])
        return result


def _forget() -> None:
    """Empty what the core's functions keep of earlier calls, or a changed one would answer as before, unseen."""
    for name, module in list(sys.modules.items()):
        if name.startswith("autoscaler.core"):
            for value in vars(module).values():
                if isinstance(value, _Cached):
                    value.cache_clear()


def _functions(core: Path) -> dict[tuple[str, str, int], list[FunctionType]]:
    """Functions of the core that are alive, by file, name and line."""
    found: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
    gc.unfreeze()
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(core)):
            found[_key(one.__code__)].append(one)
    gc.freeze()
    return found


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _exchange(tree: ast.Module, path: Path, functions: Mapping[tuple[str, str, int], list[FunctionType]]) -> None:
    """Give every living function of a module the code that its changed tree has for it."""
    todo: list[CodeType] = [compile(tree, str(path), "exec", dont_inherit=True)]
    while todo:
        code = todo.pop()
        for function in functions.get(_key(code), ()):
            if function.__code__ != code:
                function.__code__ = code
        todo += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
