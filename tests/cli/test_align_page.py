"""`dermatrust align --out`: the page and the tables, on a drawn atlas with simulated raters."""

import subprocess
import sys

import pytest

from dermatrust.datasets.atlas import write_atlas


def run(*arguments, cwd):
    command = [sys.executable, "-m", "dermatrust", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("align")
    write_atlas(path / "a", n=16, seed=0, raters=3)
    assert run("judge", "a", "-q", cwd=path).returncode == 0
    return path


def test_out_has_the_page_and_both_tables(folder):
    done = run("align", "a", "--out", "o", "--resamples", 50, "--worst", 1, cwd=folder)
    assert done.returncode == 0, done.stderr
    names = ["alignment.csv", "alignment.html", "result.json", "worst.csv"]
    assert sorted(path.name for path in (folder / "o").iterdir()) == names
    assert "page: o/alignment.html" in done.stderr.replace("\\", "/")
    page = (folder / "o" / "alignment.html").read_text("utf-8")
    assert "None of its numbers says anything about clinical performance" in page
    assert page.count('<article class="worst"') == 1
    assert "data:image/jpeg;base64," in page
    table = (folder / "o" / "alignment.csv").read_text("utf-8")
    assert table.count("\nconfusion,lexical,") == 6 * 36


def test_nothing_is_written_over(folder):
    (folder / "full").mkdir()
    (folder / "full" / "mine").write_text("keep")
    done = run("align", "a", "--out", "full", "--resamples", 50, cwd=folder)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in (folder / "full").iterdir()] == ["mine"]
