"""Small Python computes what Python computes, and does nothing else, whatever code it is given."""

import contextlib
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.protocols.interaction.small_python import console_of, value_of

PROGRAMS = (
    "import math\nx = math.sqrt(2) ** 2\nprint(round(x, 6), f'{x:.3f}', int(x), x // 1, 7 % 4, -x < 0)",
    "def bmi(w, h=100):\n    return w / (h / 100) ** 2\nprint(bmi(50), bmi(w=50, h=160), bmi(50, 200))",
    "s = 0\nfor i in range(5):\n    if i == 2:\n        continue\n    if i == 4:\n        break\n    s += i\nelse:\n"
    "    s = -1\nprint(s)",
    "n = 10\nwhile n > 1:\n    n //= 2\nelse:\n    print('done')\nprint(n)",
    "from datetime import datetime, timedelta\nd = datetime.strptime('02/27/2024', '%m/%d/%Y') + timedelta(days=3)\n"
    "print(d.strftime('%m/%d/%Y'), (d - datetime(2024, 1, 1)).days // 7, f'{d:%d}', d.year)",
    "d = {'a': 1}\nd['b'] = d['a'] + 1\nprint(d, d.get('c', 0), sum(d.values()), [k for k, v in d.items() if v > 1])",
    "a, (b, c) = 1, [2, 3]\nx = y = a\nprint(a, b, c, x, y, (1, 2)[1], 'abc'[0:2], [3, 1, 2][-1], not a or b and c)",
    "print(sorted([3, 1], reverse=True), max(1, 2), min([4, 2]), abs(-3), len('ab'), any([0, 1]), all([]))\n"
    "print(divmod(7, 2))",
    "f = lambda v: v * 2\nprint(f(3), 'x' if f(1) == 2 else 'y', 1 < 2 < 3, 1 < 3 < 2, 3 in [1, 3], 'a' not in 'bc')",
    "def f(n):\n    return 1 if n == 0 else n * f(n - 1)\nprint(f(10))",
    "if __name__ == '__main__':\n    print('a', 'b', sep='-', end='!\\n')\nprint()\n"
    "print(' a '.strip().upper(), ','.join(['1', '2']))",
    "print(1 / 3, 1e-7, 2 ** -1, 10 ** 20, 0.1 + 0.2, float('inf'), None, True, int('7'), str(2.5) + 'x')",
    "x: float = 3\nprint([i * j for i in range(3) for j in range(2)], list(zip([1], [2])), list(enumerate('a')))",
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_print_what_python_prints(program):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, {"__name__": "__main__"})  # ours, from the lines above
    assert console_of(program) == printed.getvalue()


@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "=="]))
def test_operators_are_python_s(a, b, operator):
    expression = f"({a}) {operator} ({b})"
    try:
        expected = eval(expression)  # two numbers
    except ZeroDivisionError:
        expected = None
    if expected is None:
        assert "ZeroDivisionError" in console_of(f"print({expression})")
    else:
        assert value_of(expression) == expected


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("().__class__.__bases__", "AttributeError"),
        ("print.__self__", "AttributeError"),
        ("[].append.__self__", "AttributeError"),
        ("import math\nmath.__loader__", "AttributeError"),
        ("import datetime\ndatetime.sys", "AttributeError"),
        ("'{0.__class__}'.format(1)", "AttributeError"),
        ("import os", "ModuleNotFoundError"),
        ("from os import system", "ModuleNotFoundError"),
        ("from math import factorial", "ImportError"),
        ("open('/etc/passwd')", "NameError"),
        ("__import__('os')", "NameError"),
        ("eval('1')", "NameError"),
        ("globals()", "NameError"),
        ("getattr(1, 'real')", "NameError"),
        ("input()", "NameError"),
        ("class A: pass", "NotThereError"),
        ("with open('x') as f: pass", "NotThereError"),
        ("try:\n    1\nexcept: pass", "NotThereError"),
        ("def f(*a): return a", "NotThereError"),
        ("1 @ 2", "NotThereError"),
        ("~1", "NotThereError"),
        ("1j", "NotThereError"),
        ("(1).real = 2", "NotThereError"),
        ("print(print)", "TypeError"),
        ("sorted([1], key=len)", "TypeError"),
        ("1()", "TypeError"),
        ("x", "NameError"),
        ("def f(a): return a\nf()", "TypeError"),
        ("for i in 5: pass", "TypeError"),
        ("'%9d' % 1", "TypeError"),
        ("a = (1,)\na[0] = 2", "TypeError"),
        ("f(", "SyntaxError"),
    ],
)
def test_nothing_else_is_there(code, kind):
    assert console_of(code).startswith(f"{kind}: ")


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "9**9**9",
        "pow(2, 10**9)",
        "x = 10**1000\nwhile True: x = x * x",
        "'a' * 10**9",
        "[0] * 10**9",
        "l = [1]\nwhile True: l = l + l",
        "l = [1]\nfor i in range(60): l = [l, l]\nprint(l)",
        "sum(range(10**12))",
        "l = [1]\nm = [1]\nfor i in range(60):\n    l = [l, l]\n    m = [m, m]\nprint(l == m)",
        "list(range(10**9))",
        "t = (1,)\nfor i in range(60): t = (t, t)\nd = {t: 1}",
        "t = (1,)\nfor i in range(60): t = (t, t)\nd = {}\nd.get(t)",
        "d = {1: [1]}\nfor i in range(60): d[1] = [d[1], d[1]]\nprint(d.items())",
        "round(5, -10**9)",
        "f'{1:999999d}'",
        "import datetime\ndatetime.date(1, 1, 1).strftime('%99999999d')",
        "x = [1]\nx[0:1] = range(10**12)",
        "1.5 in range(10**18)",
        "'a'.join(['b' * 9000] * 9000)",
        "def f(n): return f(n + 1)\nf(0)",
        "x = []\nx.append(x)\nprint(x)",
        "while True: print('a' * 9999)",
        "a = []\nwhile True: a.append(1)",
        "zip(range(10**10))",
        "(" * 5000,
        "-" * 9000 + "1",
        "1 +" * 6000 + "1",
        "a" * 30_000,
        "[x for x in range(10**9)]",
        "'a'.replace('', 'b' * 9999) * 9",
        "int('9' * 5000)",
    ],
)
def test_no_code_costs_much(code):
    started = time.monotonic()
    printed = console_of(code)
    assert time.monotonic() - started < 6
    assert len(printed) < 12_000


@given(st.text(alphabet="abx01()[]{}:,.+-*/'\"=\n <>%#_f", max_size=40))
def test_no_text_makes_it_raise(code):
    assert isinstance(console_of(code), str)
