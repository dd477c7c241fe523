"""`dermatrust demo`: drawn, seen, judged, rated and reported; the same numbers for a seed, and always synthetic."""

import csv
import re
import shutil
import subprocess
import sys

import pytest

from dermatrust.bench.flat import table_csv
from dermatrust.bench.kept import kept_table
from dermatrust.store.run import RunFolder

NARRATORS = ["nano/narrator-strong", "nano/narrator-middling", "nano/narrator-weak"]


def demo(folder, *more):
    return subprocess.run(
        [sys.executable, "-m", "dermatrust", "demo", "--out", folder, "-n", "24", *more],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    ran = demo(folder)
    assert ran.returncode == 0, ran.stderr
    return folder / "demo", ran.stdout


def test_every_table_and_page_says_synthetic(done):
    folder, printed = done
    assert printed.startswith("synthetic dataset: no number below is clinical performance")
    assert "synthetic" in (folder / "table.csv").read_text(encoding="utf-8")
    assert "synthetic" in (folder / "report.html").read_text(encoding="utf-8").lower()


def test_judge_evaluator_and_three_raters_score_three_narrators(done):
    folder, printed = done
    raters = re.findall(r"^(\S.*): mean score 0-5", printed, flags=re.MULTILINE)
    assert (raters[0], raters[-1], len(raters)) == ("lexical", "nano/evaluator", 5)
    for name in NARRATORS:  # by each rater, and once with judge and evaluator side by side
        assert len(re.findall(rf"^{name} ", printed, flags=re.MULTILINE)) == 6
    with (folder / "table.csv").open(encoding="utf-8") as file:
        assert len(list(csv.reader(file))) > 70


def test_judge_and_evaluator_stand_side_by_side_and_against_the_panel(done):
    _, printed = done
    *_, sides, errors = printed.strip().split("\n\n")
    assert sides.startswith("Side by side: lexical | nano/evaluator, mean scores 0-5\n")
    compared = [line.split("  ")[0] for line in errors.splitlines()[2:-1]]
    panel = ["one of the panel", "atlas/rater-steady", "atlas/rater-strict", "atlas/rater-tiring"]
    assert compared == ["lexical", "nano/evaluator", *panel, "the mean of other patients"]


def test_the_same_seed_gives_the_same_table_and_another_seed_another(done, tmp_path):
    folder, printed = done
    assert demo(tmp_path / "again").stdout == printed
    assert (tmp_path / "again" / "demo" / "table.csv").read_bytes() == (folder / "table.csv").read_bytes()
    assert demo(tmp_path / "other", "--seed", "1").stdout != printed


def test_the_explorer_finds_the_table_that_the_run_kept(done):
    run = RunFolder(done[0])
    manifest = run.read_manifest()
    kinds = {card.judge: card.kind for card in manifest.judges}
    kept = kept_table(run, seed=manifest.seeds["bootstrap"], kinds=kinds)
    assert kept is not None
    assert table_csv(kept, manifest.dataset) == run.table_path.read_bytes().decode("utf-8")


def test_a_demo_over_an_earlier_one_starts_afresh(done):
    folder, printed = done
    assert demo(folder.parent).stdout == printed


def test_a_demo_removes_nothing(done, tmp_path):
    atlas = tmp_path / "demo" / "atlas-n24-seed0"
    shutil.copytree(done[0] / "atlas-n24-seed0", atlas)
    (atlas / "my-notes.txt").write_text("mine")
    assert demo(tmp_path).stdout == done[1]  # the same drawing is used again
    assert (atlas / "my-notes.txt").read_text() == "mine"


def test_a_folder_that_is_not_what_the_demo_draws_is_left_as_it_is(done, tmp_path):
    atlas = tmp_path / "demo" / "atlas-n24-seed0"
    shutil.copytree(done[0] / "atlas-n24-seed0", atlas)
    (atlas / "references.jsonl").write_text("mine")
    ran = demo(tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    said = r"error: .*atlas-n24-seed0/references\.jsonl: is not what this demo draws\. Move it away, or .*\n"
    assert re.fullmatch(said, ran.stderr), ran.stderr
    assert (atlas / "references.jsonl").read_text() == "mine"


def test_a_file_in_the_way_is_one_line(tmp_path):
    (tmp_path / "runs").write_text("")
    ran = demo(tmp_path / "runs")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(r"error: [^\n]*runs/demo/atlas-n24-seed0: cannot be made[^\n]*\n", ran.stderr), ran.stderr
