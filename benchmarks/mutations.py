"""Mutation testing: change one thing in the code at a time, and see whether a test fails.

    python -m benchmarks.mutations estimators --number 250 --output mutants.jsonl
    python -m benchmarks.mutations estimators --survivors-of mutants.jsonl --output again.jsonl

Each mutant runs in a forked process: the function's code is replaced in place, and the tests that
executed the line run, the quickest first, until one fails. Results are JSON lines. Not mutated:
texts, annotations, default values, decorators, and estimates of memory, which no test can pin down.
`benchmarks/mutations.md` has the results and what became of the survivors.
"""

import argparse
import ast
import copy
import gc
import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

TESTS = {
    "estimators": (
        "tests/exact", "tests/statistical", "tests/unit/estimators", "tests/unit/solver",
        "tests/unit/experiments", "tests/unit/test_choices.py",
    ),
    "objectives": (
        "tests/exact/test_quadratic.py", "tests/exact/test_moments.py",
        "tests/exact/test_identities.py", "tests/reference", "tests/unit/objectives",
        "tests/statistical/test_shown_costs.py",
    ),
    "images": ("tests/unit/images", "tests/golden", "ditherlab/images"),
    "palette": (
        "tests/unit/palette", "tests/property", "tests/unit/palette_learning", "ditherlab/palette",
    ),
}  # fmt: skip

# Tests of a mutant end after this much of their own time, or that much by the clock.
MOST_TEST_S = 20.0
MOST_WALL_S = 75.0

# These return measured memory and times.
NOT_MUTATED = {"num_extra_planes", "num_planes", "work", "memory"}

COMPARISONS: Mapping[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: Mapping[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
METHODS = {
    "sum": "mean", "mean": "sum", "amax": "amin", "amin": "amax", "minimum": "maximum",
    "maximum": "minimum", "clamp_min": "clamp_max", "any": "all", "all": "any", "floor": "ceil",
    "square": "abs", "log1p": "log", "exp": "square",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of the code.

    Attributes:
        path: Of the file, from the root of the project.
        line: The first line of what is changed.
        first: The first line of its statement, without the body of a compound one.
        last: The last one.
        owner: The function that it is in; the constant, for one of the module.
        change: In words.
        node: The number of the node among those of the file.
        variant: The number of the change among those of the node.
    """

    path: str
    line: int
    first: int
    last: int
    owner: str
    change: str
    node: int
    variant: int

    @property
    def is_constant(self) -> bool:
        """True if a constant of the module is changed, not a function."""
        return self.owner.lstrip("_").isupper()


def changes_of(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST | None]]]:
    """Yield the changes of a node: words, and a function that changes a copy of it in place."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        new = COMPARISONS[type(node.ops[0])]

        def compare(n: Any) -> None:
            n.ops[0] = new()

        yield f"{type(node.ops[0]).__name__} -> {new.__name__}", compare
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATORS:
        operator = OPERATORS[type(node.op)]

        def operate(n: Any) -> None:
            n.op = operator()

        yield f"{type(node.op).__name__} -> {operator.__name__}", operate
    if isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield f"without {type(node.op).__name__}", lambda n: n.operand
    if isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And

        def swap(n: Any) -> None:
            n.op = other()

        yield f"{type(node.op).__name__} -> {other.__name__}", swap
    if isinstance(node, ast.If | ast.IfExp | ast.While):

        def negate(n: Any) -> None:
            n.test = ast.UnaryOp(ast.Not(), n.test)

        yield "condition negated", negate
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        value = node.value
        changed: bool | float = 2 * value or 1.0
        if isinstance(value, int):
            changed = not value if isinstance(value, bool) else value + 1

        def assign(n: Any) -> None:
            n.value = changed

        yield f"{value!r} -> {changed!r}", assign
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        method = METHODS.get(node.func.attr)
        if method:

            def rename(n: Any) -> None:
                n.func.attr = method

            yield f"{node.func.attr} -> {method}", rename
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if is_call or isinstance(node, ast.AugAssign):
        yield "statement deleted", lambda _n: ast.Pass()


def list_mutants(path: Path) -> Iterator[Mutant]:
    """Yield all changes of the functions and the constants of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}

    def visit(node: ast.AST, owner: str, span: tuple[int, int]) -> Iterator[Mutant]:
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            span = (node.lineno, body[0].lineno - 1 if body else node.end_lineno or 0)
            span = (span[0], max(span))
        for variant, (words, _) in enumerate(changes_of(node)):
            line = getattr(node, "lineno", 0)
            relative = str(path.relative_to(ROOT))
            yield Mutant(relative, line, *span, owner, words, numbers[id(node)], variant)
        for name, value in ast.iter_fields(node):
            is_signature = name in ("annotation", "returns", "decorator_list", "args")
            is_text = isinstance(node, ast.JoinedStr | ast.Raise)
            if is_text or (is_signature and not isinstance(node, ast.Call)):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from visit(child, owner, span)

    def visit_body(body: Sequence[ast.stmt], prefix: str) -> Iterator[Mutant]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from visit_body(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef) and node.name not in NOT_MUTATED:
                for statement in node.body:
                    yield from visit(statement, prefix + node.name, (0, 0))
            elif not prefix and isinstance(node, ast.Assign):
                (target,) = node.targets
                if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
                    yield from visit(node.value, target.id, (node.lineno, node.lineno))

    yield from visit_body(tree.body, "")


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def mutate(mutant: Mutant) -> ast.Module:
    """Return the changed syntax tree of the mutant's file."""
    tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    node = list(ast.walk(tree))[mutant.node]
    _, change = list(changes_of(node))[mutant.variant]
    new = change(node)
    if new is not None:
        _Replace(node, ast.copy_location(copy.deepcopy(new), node)).visit(tree)
    return ast.fix_missing_locations(tree)


def install(mutant: Mutant) -> bool:
    """Replace the code of the mutant's function, or its constant, in this process."""
    path = str(ROOT / mutant.path)
    compiled = compile(mutate(mutant), path, "exec")
    if mutant.is_constant:
        for module in list(sys.modules.values()):
            if vars(module).get("__file__") == path:
                _set_constant(module, mutant.owner, compiled)
        return True
    codes = dict(_list_codes(compiled, mutant.owner))
    is_found = False
    for function in gc.get_objects():
        # Others may pretend to be one, or warn when they are asked.
        if type(function) is FunctionType:
            old = function.__code__
            if old.co_filename == path and old.co_qualname in codes:
                function.__code__, is_found = codes[old.co_qualname], True
    return is_found


def _set_constant(module: ModuleType, name: str, compiled: CodeType) -> None:
    scope = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compiled, scope)
    setattr(module, name, scope[name])


def _list_codes(code: CodeType, owner: str) -> Iterator[tuple[str, CodeType]]:
    """Yield the code of a function and of those that it makes, by their names."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if f"{constant.co_qualname}.".startswith(f"{owner}."):
                yield constant.co_qualname, constant
            yield from _list_codes(constant, owner)


@dataclass(eq=False)
class Runner:
    """A pytest plugin that runs the tests of each mutant in place of all tests once."""

    mutants: Sequence[Mutant]
    output: Path
    has_failed: bool = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.has_failed = self.has_failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = session.items
        paths = {str(ROOT / mutant.path) for mutant in self.mutants}
        facts = fork(lambda: self._measure(items, paths), 3600)
        if not isinstance(facts, list):
            raise RuntimeError(f"The tests did not finish without a mutation: {facts}")
        broken = [items[n].nodeid for n, fact in enumerate(facts) if fact["failed"]]
        print(json.dumps({"broken": broken}), file=sys.stderr)
        for mutant in self.mutants:
            # Tests that use a constant are not known: all that use its file may.
            covering = [
                number
                for number, fact in enumerate(facts)
                if not fact["failed"]
                and any(
                    path == mutant.path
                    and (mutant.is_constant or mutant.first <= line <= mutant.last)
                    for path, line in fact["lines"]
                )
            ]
            covering.sort(key=lambda n: facts[n]["seconds"])
            chosen: list[int] = []
            total_s = 0.0
            for number in covering:
                total_s += facts[number]["seconds"]
                if total_s > MOST_TEST_S and chosen:
                    break
                chosen.append(number)
            outcome = fork(lambda: self._try(mutant, [items[n] for n in chosen]), MOST_WALL_S)  # noqa: B023
            row = {**asdict(mutant), **(outcome or {"outcome": "timeout"})}
            row["tests"], row["covering"] = len(chosen), len(covering)
            with self.output.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
        return True

    def _measure(self, items: Sequence[pytest.Item], paths: set[str]) -> list[dict[str, Any]]:
        facts = []
        for item, following in zip(items, [*items[1:], None], strict=True):
            lines: set[tuple[str, int]] = set()

            def trace(frame: FrameType, _event: str, _argument: object) -> Any:
                path = frame.f_code.co_filename
                if path not in paths:
                    return None
                lines.add((path, frame.f_lineno))  # noqa: B023
                return trace

            self.has_failed, start_s = False, time.perf_counter()
            sys.settrace(trace)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            sys.settrace(None)
            seconds = time.perf_counter() - start_s
            found = [(os.path.relpath(path, ROOT), line) for path, line in lines]
            facts.append({"seconds": seconds, "failed": self.has_failed, "lines": found})
        return facts

    def _try(self, mutant: Mutant, items: Sequence[pytest.Item]) -> dict[str, Any]:
        if not items:
            return {"outcome": "not covered"}
        if not install(mutant):
            return {"outcome": "not installed"}
        for item, following in zip(items, [*items[1:], None], strict=True):
            self.has_failed = False
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.has_failed:
                return {"outcome": "killed", "by": item.nodeid}
        return {"outcome": "survived"}


def fork(work: Callable[[], Any], most_s: float) -> Any:
    """Call a function in a forked process; return its JSON result, None if it took too long."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setpgid(0, 0)
        try:
            result = work()
        except BaseException as error:
            result = {"outcome": "error", "by": repr(error)[:200]}
        with os.fdopen(writing, "w") as stream:
            json.dump(result, stream)
        os._exit(0)
    os.close(writing)
    chunks: list[bytes] = []
    end_s = time.monotonic() + most_s
    with os.fdopen(reading, "rb") as stream:
        while select.select([stream], [], [], max(0.0, end_s - time.monotonic()))[0]:
            chunk = os.read(stream.fileno(), 1 << 20)
            if not chunk:
                os.waitpid(child, 0)
                return json.loads(b"".join(chunks) or b'{"outcome": "killed", "by": "crash"}')
            chunks.append(chunk)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def main() -> None:
    """Run the mutants of a package that are asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("package", choices=TESTS)
    parser.add_argument("--output", type=Path, required=True, help="JSON lines; added to")
    parser.add_argument("--number", type=int, default=200, help="how many mutants are drawn")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--survivors-of", type=Path, help="JSON lines of an earlier run")
    parser.add_argument("--tests", nargs="+", help="in place of those of the package")
    asked = parser.parse_args()
    files = sorted((ROOT / "ditherlab" / asked.package).rglob("*.py"))
    mutants = [m for path in files if path.name != "__init__.py" for m in list_mutants(path)]
    if asked.survivors_of is None:
        total = len(mutants)
        mutants = random.Random(asked.seed).sample(mutants, min(asked.number, total))
        print(json.dumps({"mutants": total, "drawn": len(mutants)}), file=sys.stderr)
    else:
        rows = map(json.loads, asked.survivors_of.read_text().splitlines())
        names = [field.name for field in fields(Mutant)]
        lived = [[row[n] for n in names] for row in rows if row["outcome"] != "killed"]
        mutants = [mutant for mutant in mutants if [*asdict(mutant).values()] in lived]
    words = ["-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
    pytest.main(
        [*words, *(asked.tests or TESTS[asked.package])], plugins=[Runner(mutants, asked.output)]
    )


if __name__ == "__main__":
    main()
