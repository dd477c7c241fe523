"""`dermatrust explore` as its users start it."""

import re
import signal
import subprocess
import sys

import pytest

httpx2 = pytest.importorskip("httpx2")
pytest.importorskip("starlette")

from dermatrust.cli.main import cli  # noqa: E402


def explore(*arguments, cwd):
    command = [sys.executable, "-m", "dermatrust", "explore", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a run of models on drawn cases."""
    from click.testing import CliRunner

    path = tmp_path_factory.mktemp("explore")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        for line in ("atlas atlas -n 4", "bench atlas -m nano/narrator-strong --run-id first -q"):
            done = CliRunner().invoke(cli, line.split(), catch_exceptions=False)
            assert done.exit_code in (0, 1), done.output
    return path


def test_it_starts_shows_the_run_and_stops(folder):
    command = [sys.executable, "-m", "dermatrust", "explore", "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        link = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?key=[\w-]{43}", link), (link, process.poll())
        address = link.partition("/?")[0]
        assert httpx2.get(f"{address}/").status_code == 401
        answer = httpx2.get(link)
        cookie = answer.headers["set-cookie"].partition(";")[0]
        assert answer.status_code == 303
        for place in ("", "/model?name=nano/narrator-strong", "/cases", "/raters", "/data", "/methods"):
            page = httpx2.get(f"{address}/runs/first{place}", headers={"Cookie": cookie})
            assert page.status_code == 200, page.text
        case = httpx2.get(f"{address}/runs/first/cases", headers={"Cookie": cookie}).text
        place = re.search(r'href="(/runs/first/case\?id=[^"]+)"', case)[1]
        page = httpx2.get(address + place, headers={"Cookie": cookie}).text
        assert "Narrative" in page
        assert "data:image/jpeg" in page
        assert "--dataset FOLDER" not in page
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert link.partition("key=")[2] not in said
    assert "Traceback" not in said


def test_a_run_keeps_what_was_said_in_the_order_of_its_cases(folder):
    from dermatrust.records import Narrative, Rating, iter_records
    from dermatrust.store.folder import DatasetFolder

    run = folder / "runs" / "first"
    cases = [case.id for case in DatasetFolder.open(folder / "atlas").iter_cases()]
    narratives = list(iter_records(run / "narratives.jsonl", Narrative))
    ratings = list(iter_records(run / "ratings.jsonl", Rating))
    assert [one.case_id for one in narratives] == cases
    assert [(one.narrative_id, one.rater) for one in ratings] == [(one.id, "lexical") for one in narratives]


def test_what_cannot_be_shown_says_so_in_one_line(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken" / "run"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{")
    for arguments, said in (
        ([], "error: runs: there is no such folder"),
        (["empty"], "error: empty: holds nothing to show"),
        (["nowhere"], "error: nowhere: there is no such folder"),
        (["broken"], "error: broken: holds nothing to show"),
        ([folder / "runs", "-d", "empty"], "card.yaml"),
    ):
        done = explore(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(folder):
    from dermatrust.cli.listening import listen

    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        done = explore("--port", port, cwd=folder)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}: another program listens there already" in done.stderr
