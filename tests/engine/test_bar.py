"""A bar on a terminal; whole lines, and few, elsewhere."""

import io
import re

import pytest

from dermatrust.engine import ProgressBars, bar
from dermatrust.engine.bar import progress_bar, watched


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Let ten seconds pass whenever somebody looks."""
    passed = iter(range(0, 100_000, 10))
    monkeypatch.setattr(bar.time, "monotonic", lambda: float(next(passed)))


def count(shown, n=20):
    with shown:
        for _ in range(n):
            shown.update()


def test_a_log_gets_a_whole_line_now_and_then(clock, capsys):
    count(progress_bar(total=20, unit="case", desc="draw"))
    lines = capsys.readouterr().err.splitlines()
    assert 3 < len(lines) < 12
    assert all(re.fullmatch(r"draw: +\d+% \d+/20 \[\d\d:\d\d<\d\d:\d\d, .+case\]", line) for line in lines)
    assert lines[-1].startswith("draw: 100% 20/20 [")


def test_what_is_soon_done_and_what_is_quiet_leaves_a_log_empty(capsys):
    count(progress_bar(total=20, unit="case"))
    count(progress_bar(total=20, unit="case", is_quiet=True))
    assert list(watched("abc", unit="letter")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def test_a_total_that_nobody_knows_is_not_shown(clock, capsys):
    count(progress_bar(unit="reference"))
    assert capsys.readouterr().err.splitlines()[-1].startswith("20reference [")


def test_asks_have_their_tokens_and_no_control_signs_in_a_log(clock, capsys):
    bars = ProgressBars({"a": 2, "b": 2})
    for _ in range(9):
        bars.spent("b", 100, None)
        bars.committed("b", 1)
    bars.close()
    text = capsys.readouterr().err
    assert "900 tokens" in text
    assert not re.search(r"[\r\x1b]", text)


def test_a_terminal_gets_a_bar_that_is_drawn_over(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with progress_bar(total=2, unit="case", leave=True) as shown:
        shown.update(2)
    assert "\r" in screen.getvalue()
    assert "2/2 [" in screen.getvalue()
