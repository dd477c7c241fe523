import json
import subprocess
import sys
import time

import click
import pytest
from PIL import Image

from dermatrust.cli.main import cli, stopped_text
from dermatrust.records import DIMENSIONS, Case, ClinicalContext, DatasetCard, Narrative
from dermatrust.store.folder import write_dataset

VERDICT = json.dumps({d.value: {"reason": "so", "score": 4} for d in DIMENSIONS})


def dermatrust(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "dermatrust", *map(str, arguments)], capture_output=True, text=True, timeout=120, **more
    )


@pytest.fixture
def dataset(tmp_path):
    return make_dataset(tmp_path, may_leave_machine=False)


def make_dataset(tmp_path, *, n=4, **card):
    photo = tmp_path / "p.png"
    Image.new("RGB", (40, 40), "tan").save(photo)
    fields = {"name": "tiny", "version": "1", "source": "test", "licence": "private", "consent": "none"} | card
    cases = [
        Case(id=f"c{i}", file_names=("images/p.jpg",), label="psoriasis", context=ClinicalContext(note=f"note {i}"))
        for i in range(n)
    ]
    references = [
        Narrative(
            id=f"r{i}",
            case_id=f"c{i}",
            text=f"Case {i}: a scaly plaque. It is psoriasis.",
            author="x",
            stream="reference",
        )
        for i in range(n)
    ]
    write_dataset(tmp_path / "tiny", DatasetCard(**fields), cases, references, [("images/p.jpg", photo)])
    return tmp_path / "tiny"


def test_help_answers_fast_and_imports_nothing_heavy():
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        done = dermatrust("--help")
        seconds.append(time.perf_counter() - started)
    assert done.returncode == 0
    assert "bench" in done.stdout
    heavy = ["numpy", "pydantic", "aiohttp", "PIL", "jinja2", "arro3", "yaml", "torch"]
    code = f"import sys, dermatrust.cli.main; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_importing_the_package_imports_no_torch():
    code = "import sys, dermatrust, dermatrust.bench.run, dermatrust.judge.open; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_a_workbench_is_loaded_without_what_only_the_agreement_page_needs():
    """T43: a workbench that rates stays under 150 MB; SciPy alone takes 20."""
    code = "import sys, dermatrust.cli.curate_start, dermatrust.curate.app; print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_bench_end_to_end_over_http_resumes_and_retries(tmp_path, dataset, server, answered, answer_type):
    broken = {"c2": True}

    def answer(body):
        if body["model"] == "judge":
            return answered(VERDICT)
        note = json.dumps(body["messages"])
        if "note 2" in note and broken["c2"]:
            return answer_type(status=400, body=b'{"error": {"message": "cannot look at this"}}')
        return answered("" if "note 3" in note else "A scaly plaque. The answer is psoriasis.")

    server.answer = answer
    command = (
        "bench", dataset, "-m", f"{server.url}#writer", "-j", f"{server.url}#judge", "-j", "lexical", "--with-context",
        "--out", tmp_path / "runs", "--run-id", "r", "-q",
    )  # fmt: skip
    first = dermatrust(*command)
    assert first.returncode == 1, first.stderr
    assert "1 ask failed" in first.stderr
    assert "cannot look at this" in first.stderr
    assert "3 of 4" in first.stdout
    n_first = len(server.asked)
    assert n_first == 4 + 2  # four narratives, two verdicts: one narrative failed, one was empty and is 0 by rule
    stats = dermatrust("store", "stats", tmp_path / "runs" / "r")
    assert "cannot look at this" in stats.stderr
    broken["c2"] = False
    second = dermatrust(*command)
    assert second.returncode == 0, second.stderr
    assert len(server.asked) == n_first + 2  # the failed narrative and its verdict, nothing else
    assert "4 of 4" in second.stdout
    third = dermatrust(*command)
    assert len(server.asked) == n_first + 2
    assert third.stdout == second.stdout
    files = {path.name for path in (tmp_path / "runs" / "r").iterdir()}
    assert {"manifest.json", "replies.sqlite", "scores.parquet", "report.html"} <= files
    manifest = json.loads((tmp_path / "runs" / "r" / "manifest.json").read_text())
    assert manifest["judges"][0]["version"] == "fake-1"
    assert manifest["finished"]


def test_nothing_leaves_the_machine_unless_the_card_says_so(tmp_path, dataset):
    done = dermatrust("bench", dataset, "-m", "https://models.example/v1#m", "--out", tmp_path / "runs")
    assert done.returncode == 2
    assert "is not on this machine" in done.stderr
    assert "may_leave_machine: true in card.yaml" in done.stderr
    done = dermatrust(
        "bench", dataset, "-m", f"replay:{dataset}/references.jsonl", "-j", "https://models.example/v1#judge",
        "--out", tmp_path / "runs",
    )  # fmt: skip
    assert done.returncode == 2
    assert "is not on this machine" in done.stderr


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: (d / "images" / "p.jpg").unlink(), "its image images/p.jpg is not there"),
        (lambda d: (d / "images" / "p.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more"), "p.jpg"),
        (lambda d: (d / "references.jsonl").unlink(), "no reference narrative"),
        (lambda d: (d / "card.yaml").unlink(), "card.yaml"),
        (lambda d: (d / "metadata.jsonl").write_text('{"id": "a"}\n{"id": "a"}\n'), "line 2"),
        (lambda d: (d / "card.yaml").write_text("name: [\n"), "card.yaml"),
    ],
)
def test_a_spoilt_dataset_is_one_line_and_exit_code_2(tmp_path, dataset, server, spoil, said):
    spoil(dataset)
    done = dermatrust("bench", dataset, "-m", f"{server.url}#writer", "--out", tmp_path / "runs", "-q")
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().count("\n") == 0


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["bench"], ["bench", "nowhere", "-m", "gpt"], ["store", "stats", "nowhere"], ["report", "nowhere"],
     ["bench", "demo", "-m", "x", "--limit", "0"]],
)  # fmt: skip
def test_wrong_usage_exits_with_2_and_no_traceback(arguments, tmp_path):
    done = dermatrust(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_one_run_folder_has_one_writer(tmp_path, dataset, server, answered, answer_type):
    server.answer = lambda body: answer_type(body=answered("slow").body, delay_s=60)
    command = [sys.executable, "-m", "dermatrust", "bench", str(dataset), "-m", f"{server.url}#writer",
               "--with-context", "--out", str(tmp_path / "runs"), "--run-id", "r", "-q"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not server.asked and process.poll() is None:
            time.sleep(0.02)
        second = dermatrust(*command[3:])
        process.kill()
        process.communicate()
    assert second.returncode == 2
    assert "another process is working in this folder" in second.stderr


def test_ctrl_c_leaves_a_resumable_run(tmp_path, server, answered, answer_type):
    dataset = make_dataset(tmp_path, n=60)
    server.answer = lambda body: answer_type(body=answered("A plaque.").body, delay_s=0.1)
    command = [sys.executable, "-m", "dermatrust", "bench", str(dataset), "-m", f"{server.url}#writer",
               "--with-context", "--out", str(tmp_path / "runs"), "--run-id", "r", "-q",
               "--max-concurrency", "2"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while len(server.asked) < 20 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(2)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    n_asked = len(server.asked)
    server.answer = lambda body: answered("A plaque.")
    assert dermatrust(*command[3:]).returncode == 0
    assert len(server.asked) - n_asked <= 60 - 20 + 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rate",), "goes on from there"), (("demo",), "goes on from there"), (("clinic", "ddx"), "goes on from there"),
        (("train",), "last checkpoint"), (("align",), "begins anew"), (("curate", "start"), "Everything saved"),
    ],
)  # fmt: skip
def test_what_ctrl_c_promises_is_what_the_command_keeps(words, said):
    command = cli
    for word in words:
        command = command.get_command(click.Context(command), word)
    assert said in stopped_text(command)


def test_narrate_and_judge_write_into_the_dataset_folder(tmp_path, dataset, server, answered):
    server.answer = lambda body: answered("A scaly plaque. The answer is psoriasis.")
    out = ("--out", tmp_path / "runs", "-q")
    done = dermatrust("narrate", dataset, "-m", f"{server.url}#writer", *out)
    assert done.stdout.startswith("4 new narratives"), done.stderr
    assert dermatrust("judge", dataset, *out).stdout.startswith("4 new ratings")
    assert dermatrust("judge", dataset, *out).stdout.startswith("0 new ratings")
    rows = [json.loads(line) for line in (dataset / "ratings.jsonl").read_text().splitlines()]
    assert {row["rater"] for row in rows} == {"lexical"}


def test_ratings_by_an_older_rule_are_counted_and_left_alone(tmp_path, dataset, server, answered):
    server.answer = lambda body: answered("A scaly plaque. The answer is psoriasis.")
    out = ("--out", tmp_path / "runs", "-q")
    assert dermatrust("narrate", dataset, "-m", f"{server.url}#writer", *out).returncode == 0
    assert "not what it follows now" not in dermatrust("judge", dataset, *out).stderr
    file = dataset / "ratings.jsonl"
    older = file.read_text().replace("lexical-rule@2", "lexical-rule@1", 3)
    file.write_text(older)
    done = dermatrust("judge", dataset, *out)
    assert done.stdout.startswith("0 new ratings")
    assert "3 ratings by lexical follow lexical-rule@1, which is not what it follows now" in done.stderr
    assert file.read_text() == older


def test_report_compares_runs_and_refuses_what_cannot_be_compared(tmp_path, dataset, server, answered):
    server.answer = lambda body: answered(f"{body['model']} sees a scaly plaque. The answer is psoriasis.")
    for model in ("a", "b"):
        out = ("--out", tmp_path, "--run-id", f"run-{model}", "-q")
        assert dermatrust("bench", dataset, "-m", f"{server.url}#{model}", "--with-context", *out).returncode == 0
    done = dermatrust("report", tmp_path / "run-a", tmp_path / "run-b", "-o", tmp_path / "both.html")
    assert done.returncode == 0, done.stderr
    assert "#a" in done.stdout
    assert "#b" in done.stdout
    assert (tmp_path / "both.html").is_file()
    again = dermatrust("report", tmp_path / "run-a", tmp_path / "run-a")
    assert again.returncode == 2
    assert "again" in again.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--seed", "-1"),
        ("--max-concurrency", "5000"),
        ("--timeout", "nan"),
        ("--timeout", "inf"),
        ("--temperature", "nan"),
    ],
)
def test_an_option_out_of_range_is_refused_before_anything_is_asked(dataset, tmp_path, options):
    done = dermatrust("bench", dataset, "-m", "http://127.0.0.1:9/v1#m", "--out", tmp_path / "runs", *options)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_run_folder_that_cannot_be_made_is_one_clear_error(dataset, tmp_path):
    (tmp_path / "runs").write_text("a file")
    recorded = tmp_path / "c.jsonl"
    recorded.write_text('{"id": "c0", "model": "m", "candidate_text": "A plaque."}')
    done = dermatrust("bench", dataset, "-m", f"replay:{recorded}", "--out", tmp_path / "runs")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_bench_says_that_no_writing_was_found(dataset, tmp_path):
    begin = [
        "bench",
        dataset,
        "-m",
        "nano/narrator-weak",
        "-e",
        "nano/evaluator",
        "-n",
        1,
        "-q",
        "--out",
        tmp_path / "r",
    ]
    said = "nano/evaluator: no writing was found in the photographs it was shown.\n"
    assert said in dermatrust(*begin, "--look-for-writing").stderr
    assert said not in dermatrust(*begin).stderr


@pytest.mark.parametrize("what", ["a\0", "   ", "\ud800"])
def test_a_judge_whose_server_calls_it_something_odd_still_judges(dataset, tmp_path, server, answer_type, what):
    message = {"role": "assistant", "content": VERDICT}
    body = {"model": what, "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    server.answer = lambda asked: answer_type(body=json.dumps(body).encode())
    recorded = tmp_path / "c.jsonl"
    recorded.write_text("".join(f'{{"id": "c{i}", "model": "m", "candidate_text": "A plaque."}}\n' for i in range(4)))
    judge = f"{server.url}#j"
    done = dermatrust("bench", dataset, "-m", f"replay:{recorded}", "-j", judge, "--out", tmp_path / "runs", "-q")
    assert done.returncode == 0, done.stderr


def test_a_dataset_cannot_name_itself_out_of_the_folder_of_runs(tmp_path):
    dataset = make_dataset(tmp_path, name="../../out")
    recorded = tmp_path / "c.jsonl"
    recorded.write_text("".join(f'{{"id": "c{i}", "model": "m", "candidate_text": "A plaque."}}\n' for i in range(4)))
    done = dermatrust("bench", dataset, "-m", f"replay:{recorded}", "--out", tmp_path / "a" / "b" / "runs", "-q")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "a" / "b" / "runs").glob("*/report.html"))) == 1


def test_a_run_folder_is_not_given_to_another_run_unasked(tmp_path, dataset, server, answered):
    server.answer = lambda body: answered("A scaly plaque. The answer is psoriasis.")
    common = ("-m", f"{server.url}#a", "--out", tmp_path, "--run-id", "r", "-q")
    assert dermatrust("bench", dataset, *common).returncode == 0
    scores = (tmp_path / "r" / "scores.parquet").read_bytes()
    for change in (("--limit", "2"), ("-j", f"{server.url}#judge"), ("--temperature", "1")):
        other = dermatrust("bench", dataset, *common, *change)
        assert other.returncode == 2
        assert "holds a run on other cases, models or settings" in other.stderr
    assert (tmp_path / "r" / "scores.parquet").read_bytes() == scores
    assert dermatrust("bench", dataset, *common, "--limit", "2", "--replace").returncode == 0
    assert (tmp_path / "r" / "scores.parquet").read_bytes() != scores


def test_two_replay_files_of_one_model_have_two_run_folders(tmp_path, dataset):
    for name in ("one", "two"):
        rows = [{"id": f"c{i}", "model": "m", "candidate_text": f"{name} {i}: a plaque."} for i in range(4)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        done = dermatrust("bench", dataset, "-m", f"replay:{tmp_path}/{name}.jsonl", "--out", tmp_path / "runs", "-q")
        assert done.returncode == 0, done.stderr
    assert len([path for path in (tmp_path / "runs").iterdir() if path.name.startswith("tiny-")]) == 2


def test_failures_of_an_earlier_try_do_not_count_for_ever(tmp_path, dataset):
    recorded = tmp_path / "out.jsonl"
    command = (
        "bench",
        dataset,
        "-m",
        f"replay:{recorded}",
        "--out",
        tmp_path / "runs",
        "-q",
        "--run-id",
        "r",
        "--replace",
    )
    recorded.write_text('{"id": "wrong", "model": "m", "candidate_text": "x"}\n')
    first = dermatrust(*command)
    assert first.returncode == 1
    assert "has no draw 0 for case" in first.stderr
    rows = [{"id": f"c{i}", "model": "m", "candidate_text": "A plaque."} for i in range(4)]
    recorded.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert dermatrust(*command).returncode == 0


def test_a_model_name_nobody_knows_is_told_after_twenty_asks(tmp_path, server, answer_type):
    dataset = make_dataset(tmp_path, n=60)
    server.answer = lambda body: answer_type(status=400, body=b'{"error": {"message": "no such model"}}')
    done = dermatrust("bench", dataset, "-m", f"{server.url}#typo", "--with-context", "--out", tmp_path / "r", "-q",
                      "--max-concurrency", "4")  # fmt: skip
    assert done.returncode == 2
    assert "has not answered 20 asks in a row" in done.stderr
    assert "no such model" in done.stderr
    assert len(server.asked) < 40


def test_files_of_limits_and_prices_that_do_not_name_the_model_are_told(tmp_path, dataset, server, answered):
    (tmp_path / "limits.yaml").write_text("models: {typo: {max_concurrency: 1}}\n")
    (tmp_path / "prices.yaml").write_text("models: {typo: {input: 1, output: 1}}\n")
    server.answer = lambda body: answered("A plaque.")
    done = dermatrust("bench", dataset, "-m", f"{server.url}#m", "--with-context", "--out", tmp_path / "r", "-q",
                      "--limits", tmp_path / "limits.yaml", "--prices", tmp_path / "prices.yaml")  # fmt: skip
    assert "limits.yaml: nothing for" in done.stderr
    assert "prices.yaml: nothing for" in done.stderr


def test_the_gate_speaks_before_a_key_is_asked_for(tmp_path, dataset):
    for model in ("openai/gpt-x", "inspect/openai/gpt-x"):
        done = dermatrust("bench", dataset, "-m", model, "--out", tmp_path, env={"PATH": "/usr/bin"})
        assert done.returncode == 2
        assert "does not let its cases leave it" in done.stderr


@pytest.mark.parametrize("name", ["../evil", "a/b", ".."])
def test_a_run_id_stays_inside_the_out_folder(tmp_path, dataset, name):
    done = dermatrust("bench", dataset, "-m", "replay:x.jsonl", "--out", tmp_path, "--run-id", name, cwd=tmp_path)
    assert done.returncode == 2


def test_replies_cut_at_their_limit_are_told(tmp_path, dataset, server, answer_type):
    body = {"choices": [{"finish_reason": "length", "message": {"content": ""}}]}
    server.answer = lambda _: answer_type(body=json.dumps(body).encode())
    done = dermatrust("bench", dataset, "-m", f"{server.url}#m", "--with-context", "--out", tmp_path / "r", "-q")
    assert "4 of its replies ended at the token limit" in done.stderr
