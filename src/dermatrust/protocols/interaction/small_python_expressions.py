"""The expressions of small Python: names, operators, calls, comprehensions, functions that code defines."""

import ast
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dermatrust.protocols.interaction.small_python_values import (
    FUNCTIONS,
    LONGEST,
    NotThereError,
    TooLargeError,
    attribute,
    bounded,
    compare,
    entries,
    nodes,
    operate,
    text_of,
)

MOST_STEPS = 100_000
DEEPEST = 50
"""Calls within calls."""
SECONDS = 3.0


class ReturnedError(Exception):
    """A function is left, with a value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@dataclass(frozen=True)
class Module:
    """What an import brought."""

    names: Mapping[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Function:
    """A function that the code defines."""

    name: str
    arguments: ast.arguments
    body: list[ast.stmt] | ast.expr
    defaults: tuple[Any, ...]
    around: Mapping[str, Any]


@dataclass
class Expressions(ABC):
    """One walk through some code: what its expressions come to, within the bounds of steps and time."""

    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    functions: Mapping[str, Any] = field(default_factory=lambda: FUNCTIONS)
    printed: list[str] = field(default_factory=list)
    n_printed: int = 0
    n_steps: int = 0
    depth: int = 0
    until: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    @abstractmethod
    def block(self, statements: list[ast.stmt], names: dict[str, Any]) -> None:
        """Go through statements."""

    def value(self, node: ast.expr, names: dict[str, Any]) -> Any:
        """Return what an expression comes to."""
        self.step()
        of = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        if of is None:
            raise NotThereError(f"{type(node).__name__} is not there")
        return of(node, names)

    def step(self) -> None:
        """Count a step.

        Raises:
            TimeoutError: They are too many.
        """
        self.n_steps += 1
        if self.n_steps > MOST_STEPS or time.monotonic() > self.until:
            raise TimeoutError("the code takes too long")

    def assign(self, target: ast.expr, value: Any, names: dict[str, Any]) -> None:
        """Give a value to a name, a place or several."""
        if isinstance(target, ast.Name):
            names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            for one, part in zip(target.elts, entries(value), strict=True):
                self.assign(one, part, names)
        elif isinstance(target, ast.Subscript):
            held, key = self.value(target.value, names), self.value(target.slice, names)
            if not isinstance(held, list | dict):
                raise TypeError(f"{type(held).__name__!r} object does not support item assignment")
            nodes(key)
            held[key] = entries(value) if isinstance(key, slice) else value
            bounded(held)
        else:
            raise NotThereError("this cannot be assigned to")

    def _of_constant(self, node: ast.Constant, names: dict[str, Any]) -> Any:
        if not isinstance(node.value, str | int | float | bool | None):
            raise NotThereError(f"{type(node.value).__name__} is not there")
        return bounded(node.value)

    def _of_name(self, node: ast.Name, names: dict[str, Any]) -> Any:
        for held in (names, self.names, self.functions):
            if node.id in held:
                return held[node.id]
        if node.id == "print":
            return self._print
        raise NameError(f"name {node.id!r} is not defined")

    def _of_binop(self, node: ast.BinOp, names: dict[str, Any]) -> Any:
        return operate(type(node.op).__name__, self.value(node.left, names), self.value(node.right, names))

    def _of_unaryop(self, node: ast.UnaryOp, names: dict[str, Any]) -> Any:
        value = self.value(node.operand, names)
        if isinstance(node.op, ast.Not):
            return not value
        if isinstance(node.op, ast.Invert):
            raise NotThereError("the operator Invert is not there")
        return -value if isinstance(node.op, ast.USub) else +value

    def _of_boolop(self, node: ast.BoolOp, names: dict[str, Any]) -> Any:
        value = None
        for one in node.values:
            value = self.value(one, names)
            if bool(value) is isinstance(node.op, ast.Or):
                break
        return value

    def _of_compare(self, node: ast.Compare, names: dict[str, Any]) -> bool:
        left = self.value(node.left, names)
        for kind, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other, names)
            if not compare(type(kind).__name__, left, right):
                return False
            left = right
        return True

    def _of_ifexp(self, node: ast.IfExp, names: dict[str, Any]) -> Any:
        return self.value(node.body if self.value(node.test, names) else node.orelse, names)

    def _of_attribute(self, node: ast.Attribute, names: dict[str, Any]) -> Any:
        held = self.value(node.value, names)
        if isinstance(held, Module):
            if node.attr not in held.names:
                raise AttributeError(f"the module has no attribute {node.attr!r} here")
            return held.names[node.attr]
        return attribute(held, node.attr)

    def _of_subscript(self, node: ast.Subscript, names: dict[str, Any]) -> Any:
        held, key = self.value(node.value, names), self.value(node.slice, names)
        if not isinstance(held, str | list | tuple | dict):
            raise TypeError(f"{type(held).__name__!r} object is not subscriptable")
        nodes(key)
        return held[key]

    def _of_slice(self, node: ast.Slice, names: dict[str, Any]) -> slice:
        return slice(*(None if one is None else self.value(one, names) for one in (node.lower, node.upper, node.step)))

    def _of_list(self, node: ast.List, names: dict[str, Any]) -> list[Any]:
        return [self.value(one, names) for one in node.elts]

    def _of_tuple(self, node: ast.Tuple, names: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self.value(one, names) for one in node.elts)

    def _of_dict(self, node: ast.Dict, names: dict[str, Any]) -> dict[Any, Any]:
        found = {}
        for key, one in zip(node.keys, node.values, strict=True):
            if key is None:
                raise NotThereError("** is not there")
            name = self.value(key, names)
            nodes(name)
            found[name] = self.value(one, names)
        return found

    def _of_listcomp(self, node: ast.ListComp | ast.GeneratorExp, names: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        self._comprehend(node.generators, node.elt, dict(names), found)
        return found

    _of_generatorexp = _of_listcomp

    def _comprehend(
        self, loops: list[ast.comprehension], element: ast.expr, names: dict[str, Any], found: list[Any]
    ) -> None:
        if not loops:
            found.append(self.value(element, names))
            bounded(found)
            return
        for one in entries(self.value(loops[0].iter, names)):
            self.assign(loops[0].target, one, names)
            if all(self.value(test, names) for test in loops[0].ifs):
                self._comprehend(loops[1:], element, names, found)

    def _of_joinedstr(self, node: ast.JoinedStr, names: dict[str, Any]) -> str:
        return str(bounded("".join(str(self.value(one, names)) for one in node.values)))

    def _of_formattedvalue(self, node: ast.FormattedValue, names: dict[str, Any]) -> str:
        spec = "" if node.format_spec is None else str(self.value(node.format_spec, names))
        return text_of(self.value(node.value, names), spec)

    def _of_lambda(self, node: ast.Lambda, names: dict[str, Any]) -> Function:
        return self._function("<lambda>", node.args, node.body, names)

    def _of_call(self, node: ast.Call, names: dict[str, Any]) -> Any:
        called = self.value(node.func, names)
        values = [self.value(one, names) for one in node.args]
        named = {one.arg: self.value(one.value, names) for one in node.keywords if one.arg}
        if isinstance(called, Function):
            return self._call(called, values, named)
        if not callable(called):
            raise TypeError(f"{type(called).__name__!r} object is not callable")
        for one in (*values, *named.values()):
            nodes(one)
        found = called(*values, **named)
        bounded(getattr(called, "__self__", None))  # a list that has grown
        return bounded(found)

    def _function(
        self, name: str, arguments: ast.arguments, body: list[ast.stmt] | ast.expr, names: dict[str, Any]
    ) -> Function:
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
            raise NotThereError("a function has plain arguments here")
        return Function(name, arguments, body, tuple(self.value(one, names) for one in arguments.defaults), names)

    def _call(self, function: Function, values: list[Any], named: dict[str, Any]) -> Any:
        wanted = [one.arg for one in function.arguments.args]
        known = dict(zip(reversed(wanted), reversed(function.defaults), strict=False))
        known |= dict(zip(wanted, values, strict=False)) | named
        if len(values) > len(wanted) or set(known) != set(wanted):
            raise TypeError(f"{function.name}() takes {', '.join(wanted) or 'nothing'}")
        if self.depth >= DEEPEST:
            raise RecursionError("calls within calls are too deep")
        self.depth += 1
        inner = {**function.around, **known} if function.around is not self.names else known
        try:
            if isinstance(function.body, ast.expr):
                return self.value(function.body, inner)
            self.block(function.body, inner)
        except ReturnedError as returned:
            return returned.value
        finally:
            self.depth -= 1
        return None

    def _print(self, *values: Any, sep: Any = " ", end: Any = "\n", **_: Any) -> None:
        text = str(sep).join(map(text_of, values)) + str(end)
        self.n_printed += len(text)
        if self.n_printed > LONGEST:
            raise TooLargeError("too much is printed")
        self.printed.append(text)
