import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from dermatrust.atlas.draw import MOST_SEED
from dermatrust.atlas.raters import PANEL
from dermatrust.cli.atlas import atlas
from dermatrust.cli.demo import demo
from dermatrust.datasets.atlas import MOST_CASES
from dermatrust.datasets.atlas_truth import read_truth
from dermatrust.errors import UserError
from dermatrust.store import DatasetFolder


def run(*arguments):
    return CliRunner().invoke(atlas, [str(argument) for argument in arguments])


def test_the_folder_is_printed_on_stdout_and_that_it_is_synthetic_on_stderr(tmp_path):
    out = tmp_path / "d"
    result = run(out, "--n", 3, "--split", "check", "--raters", 2, "--workers", 1, "--quiet")
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert result.stdout == f"{out}\n"
    assert result.stderr == f"{out}: 3 synthetic cases, drawn, of no patient.\n"
    dataset = DatasetFolder.open(out)
    assert [case.split for case in dataset.iter_cases()] == ["check"] * 3
    assert len({rating.rater for rating in dataset.iter_ratings()}) == 2


def test_a_log_gets_lines_and_no_bar(tmp_path, monkeypatch):
    monkeypatch.setattr("dermatrust.engine.bar.LINE_EVERY_S", 0.0)
    result = run(tmp_path / "d", "--n", 120, "--workers", 1)
    assert result.stderr.count("/120 [") == 4  # a line for every chunk, and the last
    assert "\r" not in result.stderr
    assert result.stdout == f"{tmp_path / 'd'}\n"


@pytest.mark.parametrize(("words", "expected"), [
    (("blur:2",), [("blur:2",)]),
    (("blur:1", "noise:3"), [("blur:1", "noise:3")]),
    ((), [()]),
])  # fmt: skip
def test_degradations_are_done_in_the_order_given(tmp_path, words, expected):
    options = [part for word in words for part in ("--degrade", word)]
    assert run(tmp_path / "d", "--n", 2, "--workers", 1, "-q", *options).exit_code == 0
    assert {image.degradations for one in read_truth(tmp_path / "d") for image in one.images} == set(expected)


@pytest.mark.parametrize("word", ["blur", "blur:0", ":1", "blur:x", "fog:1"])
def test_a_degradation_nobody_knows_is_refused(tmp_path, word):
    result = run(tmp_path / "d", "--n", 1, "--workers", 1, "-q", "--degrade", word)
    assert isinstance(result.exception, UserError)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [
    ("--n", "0"), ("--n", "99999999999"), ("--n", "x"), ("--seed", "-1"), ("--split", "a/b"), ("--raters", "9"),
    ("--workers", "0"), ("--degrade", "all", "--degrade", "blur:1"),
])  # fmt: skip
def test_a_wrong_option_exits_with_2_and_one_line(tmp_path, wrong):
    command = [sys.executable, "-m", "dermatrust", "atlas", "d", "--quiet", *wrong]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_ranges_of_the_commands_are_those_of_the_atlas():
    # Written out in the commands, which import nothing heavy before they run.
    atlas_ranges = {p.name: (p.type.min, p.type.max) for p in atlas.params if isinstance(p.type, click.IntRange)}
    assert atlas_ranges["n"] == (1, MOST_CASES)
    assert atlas_ranges["seed"] == (0, MOST_SEED - 1)
    assert atlas_ranges["raters"] == (0, len(PANEL))
    (seed,) = [p.type for p in demo.params if p.name == "seed"]
    assert (seed.min, seed.max) == (0, MOST_SEED - 1)
