"""A small part of Python for the arithmetic of models: their code is walked through, never run by Python itself.

Numbers, texts, lists, dictionaries, dates; names, functions, conditions, loops; `math` and `datetime`. There is no
attribute that is not listed, no file, no import of anything else, and every cost is bounded, so that code that a model
wrote can do no more than compute and print.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dermatrust.protocols.interaction.small_python_expressions import Expressions, Module, ReturnedError
from dermatrust.protocols.interaction.small_python_values import (
    FUNCTIONS,
    NotThereError,
    TooLargeError,
    entries,
    module,
    operate,
)

LONGEST_CODE = 20_000


class _BreakError(Exception):
    """A loop is left."""


class _ContinueError(Exception):
    """A loop goes on."""


def console_of(code: str) -> str:
    r"""Return what code prints, with the error that ended it, if one did, as the last line.

    Example:
        >>> console_of("import math\nx = math.sqrt(16)\nprint(f'{x:.2f}', x > 3)")
        '4.00 True\n'
        >>> console_of("open('x')")
        "NameError: name 'open' is not defined\n"
    """
    walk = _Walk()
    try:
        walk.block(_parsed(code), walk.names)
    except Exception as error:  # whatever the code raises: its author is told, as an interpreter would
        walk.printed.append(f"{type(error).__name__}: {error}"[:500] + "\n")
    return "".join(walk.printed)


def value_of(expression: str, modules: Sequence[str] = (), functions: Sequence[str] = tuple(FUNCTIONS)) -> Any:
    """Return what an expression comes to.

    Args:
        expression: The expression.
        modules: Names under which it has `math`.
        functions: The functions it has.

    Raises:
        Exception: Of whatever kind Python would raise; the expression is a stranger's.

    Example:
        >>> value_of("round((140 - 3.15) * math.pi, 1)", ["math"])
        429.9
    """
    walk = _Walk(functions={name: FUNCTIONS[name] for name in functions})
    walk.names.update({name: Module(module("math")) for name in modules})
    return walk.value(ast.parse(expression.strip(), mode="eval").body, walk.names)


@dataclass
class _Walk(Expressions):
    """A walk that knows statements too."""

    def block(self, statements: list[ast.stmt], names: dict[str, Any]) -> None:
        """Go through statements."""
        for statement in statements:
            self.step()
            do = getattr(self, f"_do_{type(statement).__name__.lower()}", None)
            if do is None:
                raise NotThereError(f"{type(statement).__name__} is not there")
            do(statement, names)

    def _do_pass(self, statement: ast.Pass, names: dict[str, Any]) -> None:
        pass

    def _do_expr(self, statement: ast.Expr, names: dict[str, Any]) -> None:
        self.value(statement.value, names)

    def _do_assign(self, statement: ast.Assign, names: dict[str, Any]) -> None:
        value = self.value(statement.value, names)
        for target in statement.targets:
            self.assign(target, value, names)

    def _do_annassign(self, statement: ast.AnnAssign, names: dict[str, Any]) -> None:
        if statement.value is not None:
            self.assign(statement.target, self.value(statement.value, names), names)

    def _do_augassign(self, statement: ast.AugAssign, names: dict[str, Any]) -> None:
        target = statement.target
        held = ast.Name(target.id) if isinstance(target, ast.Name) else target
        sum_ = operate(type(statement.op).__name__, self.value(held, names), self.value(statement.value, names))
        self.assign(target, sum_, names)

    def _do_if(self, statement: ast.If, names: dict[str, Any]) -> None:
        self.block(statement.body if self.value(statement.test, names) else statement.orelse, names)

    def _do_for(self, statement: ast.For, names: dict[str, Any]) -> None:
        held = self.value(statement.iter, names)
        for one in held if isinstance(held, range) else entries(held):
            self.step()
            self.assign(statement.target, one, names)
            if self._is_left(statement.body, names):
                return
        self.block(statement.orelse, names)

    def _do_while(self, statement: ast.While, names: dict[str, Any]) -> None:
        while self.value(statement.test, names):
            if self._is_left(statement.body, names):
                return
        self.block(statement.orelse, names)

    def _is_left(self, body: list[ast.stmt], names: dict[str, Any]) -> bool:
        """Go once through a loop's body; return whether it is left by a break."""
        try:
            self.block(body, names)
        except _BreakError:
            return True
        except _ContinueError:
            pass
        return False

    def _do_break(self, statement: ast.Break, names: dict[str, Any]) -> None:
        raise _BreakError

    def _do_continue(self, statement: ast.Continue, names: dict[str, Any]) -> None:
        raise _ContinueError

    def _do_return(self, statement: ast.Return, names: dict[str, Any]) -> None:
        raise ReturnedError(None if statement.value is None else self.value(statement.value, names))

    def _do_functiondef(self, statement: ast.FunctionDef, names: dict[str, Any]) -> None:
        names[statement.name] = self._function(statement.name, statement.args, statement.body, names)

    def _do_import(self, statement: ast.Import, names: dict[str, Any]) -> None:
        for one in statement.names:
            names[one.asname or one.name] = Module(module(one.name))

    def _do_importfrom(self, statement: ast.ImportFrom, names: dict[str, Any]) -> None:
        held = module(statement.module or "")
        for one in statement.names:
            if one.name not in held:
                raise ImportError(f"cannot import name {one.name!r} from {statement.module!r} here")
            names[one.asname or one.name] = held[one.name]


def _parsed(code: str) -> list[ast.stmt]:
    if len(code) > LONGEST_CODE:
        raise TooLargeError("the code is too long")
    return ast.parse(code).body
