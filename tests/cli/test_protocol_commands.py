"""`dermatrust run`, `replay` and `protocols`, as a user types them."""

import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from click.exceptions import Exit

from dermatrust.cli.main import main
from dermatrust.cli.options import tell_failures
from dermatrust.store.run import RunFolder

ROWS = [
    {"realidx": k, "question": f"Made-up question {k}?", "options": {"A": "this", "B": "that"}, "answer_idx": answer}
    for k, answer in enumerate("ABAB")
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def dermatrust(folder, monkeypatch, capsys):
    """Call the command line as a shell would, in the folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["dermatrust", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return Done(int(caught.value.code or 0), *capsys.readouterr())

    return call


@pytest.fixture
def run(dermatrust, server):
    def call(*more):
        model = f"{server.url}#m"
        return dermatrust("run", "medqa", "-m", model, "--data", "rows.jsonl", "--run-id", "r", "--quiet", *more)

    return call


def scored(folder: Path, run: str) -> list[dict]:
    return [json.loads(line) for line in (folder / "runs" / run / "scored.jsonl").read_text().splitlines()]


def test_a_run_scores_every_item_and_its_record_scores_the_same_again(folder, run, dermatrust, server, answered):
    server.answer = lambda body: answered("Answer: A")
    done = run()
    assert done.returncode == 0, done.stderr
    assert "4 items, 0 missing, 0 not answered" in done.stdout
    assert "accuracy                0.5000 [0.1500, 0.8500]  n 4" in done.stdout
    assert [row["value"] for row in scored(folder, "r")] == [1, 0, 1, 0]
    again = dermatrust("replay", "medqa", "runs/r/scored.jsonl", "--data", "rows.jsonl", "--out", "again")
    assert again.returncode == 0
    assert again.stdout.splitlines()[1:] == done.stdout.splitlines()[1:]
    assert (folder / "again" / "scored.jsonl").read_text() == (folder / "runs/r/scored.jsonl").read_text()
    table = (folder / "again" / "table.csv").read_text().splitlines()
    assert table[1].startswith("medqa,1,,,scored.jsonl,accuracy,,,0.5,")


def test_a_replay_is_not_written_over_a_run(folder, run, dermatrust, server, answered):
    server.answer = lambda body: answered("Answer: A")
    run()
    before = {path.name: path.read_bytes() for path in (folder / "runs" / "r").iterdir()}
    (folder / "said.jsonl").write_text('{"id": "0", "reply": "Answer: B"}\n')
    for command in (
        ("replay", "medqa", "said.jsonl", "--data", "rows.jsonl", "--out", "runs/r"),
        ("psychometrics", "runs/r", "--out", "runs/r"),
    ):
        done = dermatrust(*command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: runs/r: holds a run, whose result would be lost")
    assert {path.name: path.read_bytes() for path in (folder / "runs" / "r").iterdir()} == before


def test_what_cannot_be_matched_is_told_with_what_would_be(folder, dermatrust):
    (folder / "said.jsonl").write_text('{"id": "first", "reply": "Answer: B"}\n')
    (folder / "other.jsonl").write_text('{"question": "Which?", "answer_idx": "A"}\n')
    model = "http://127.0.0.1:9/v1#m"
    for arguments, said in (
        (("replay", "medqa", "said.jsonl", "--data", "rows.jsonl"),
         "said.jsonl: has 1 record, as of 'first', and none of an item of the data; expected ids such as '0'. "),
        (("run", "medqa", "-m", model, "--data", "rows.jsonl", "--method", "few-shot", "--pool", "none"),
         "none: there is no such file; expected a file that ends in .json, .jsonl, .csv, .tsv or .parquet."),
        (("run", "medqa", "-m", model, "--data", "rows.jsonl", "--method", "few-shot", "--pool", "."),
         ".: is a folder; expected a file that ends in .json, "),
        (("run", "medqa", "-m", model, "--data", "rows.jsonl", "--variant", "x"),
         "--variant: medqa has no variant 'x'. It has none at all: leave --variant out."),
        (("run", "medqa", "-m", model, "--data", "other.jsonl"),
         "other.jsonl line 1: has no field 'options'; expected rows of medqa with the fields question, options, "),
    ):  # fmt: skip
        done = dermatrust(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {said}"), done.stderr


def test_the_same_command_asks_nothing_again(folder, run, dermatrust, server, answered):
    server.answer = lambda body: answered("Answer: A")
    run()
    n_asked = len(server.asked)
    assert run().returncode == 0
    assert len(server.asked) == n_asked == 4


def test_a_failed_ask_is_missing_and_asked_again(folder, run, dermatrust, server, answered):
    def rejects_one(body):
        if "question 2" in json.dumps(body):
            return type(answered("x"))(status=400, body=b'{"error": {"message": "no"}}')
        return answered("Answer: A")

    server.answer = rejects_one
    done = run()
    assert done.returncode == 1
    assert "4 items, 1 missing, 0 not answered" in done.stdout
    assert "missing 1 x rejected" in done.stdout
    assert scored(folder, "r")[2]["reply"] is None
    server.answer = lambda body: answered("Answer: A")
    assert "4 items, 0 missing" in run().stdout


def test_of_many_reasons_the_commonest_are_told_and_the_others_counted(tmp_path, capsys):
    failures = Counter({f"m: reason {k}": 10 - k for k in range(8)})
    with pytest.raises(Exit):
        tell_failures(failures, RunFolder(tmp_path))
    said = capsys.readouterr().err
    assert "failed 10 x m: reason 0" in said
    assert "reason 5" not in said
    assert "failed 12 x other reasons, 3 of them" in said


def test_silence_is_wrong(folder, run, dermatrust, server, answered):
    server.answer = lambda body: answered("I cannot say.")
    done = run()
    assert "4 items, 0 missing, 4 not answered" in done.stdout
    assert "accuracy                0.0000" in done.stdout


def test_self_consistency_asks_several_times_and_counts_votes(folder, run, dermatrust, server, answered):
    replies = iter(["Answer: A", "Answer: B", "Answer: B"] * 4)
    server.answer = lambda body: answered(next(replies))
    done = run("--method", "self-consistency:3", "--max-concurrency", "1", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert len(server.asked) == 6
    assert len(scored(folder, "r")[0]["draws"]) == 3
    assert [row["said"] for row in scored(folder, "r")] == ["B", "B"]


def test_a_run_in_several_orders_is_scored_again_by_the_same_method(folder, run, dermatrust, server, answered):
    server.answer = lambda body: answered("Answer: A")
    done = run("--method", "rotate")
    assert done.returncode == 0
    assert "8 items" in done.stdout
    assert "all orders right" in done.stdout
    again = dermatrust("replay", "medqa", "runs/r/scored.jsonl", "--data", "rows.jsonl", "--method", "rotate")
    assert again.returncode == 0
    assert again.stdout.splitlines()[2:] == done.stdout.splitlines()[2:]
    assert "(rotate)" in again.stdout


def test_shots_come_from_the_pool(folder, run, dermatrust, server, answered):
    (folder / "pool.jsonl").write_text(json.dumps(ROWS[0] | {"realidx": 9, "question": "A solved one?"}))
    bodies = []
    server.answer = lambda body: bodies.append(body) or answered("Answer: A")
    assert run("--method", "few-shot:1", "--pool", "pool.jsonl").returncode == 0
    assert [message["role"] for message in bodies[0]["messages"]] == ["user", "assistant", "user"]
    refused = run("--method", "few-shot:1", "--run-id", "other")
    assert refused.returncode == 2
    assert "--pool" in refused.stderr


@pytest.mark.parametrize("other", [("--pool", "another.jsonl"), ("--method-temperature", "0.1")])
def test_another_pool_or_temperature_of_draws_is_another_run(folder, run, dermatrust, server, answered, other):
    for name, k in (("pool", 9), ("another", 8)):
        (folder / f"{name}.jsonl").write_text(json.dumps(ROWS[0] | {"realidx": k, "question": f"Solved {k}?"}))
    server.answer = lambda body: answered("Answer: A")
    command = ("run", "medqa", "-m", f"{server.url}#m", "--data", "rows.jsonl", "--method", "few-shot:1", "-q")
    made = {dermatrust(*command, "--pool", "pool.jsonl", *more).stderr for more in ((), (), other)}
    assert len(made) == len([*(folder / "runs").glob("medqa-*")]) == 2
    configs = [json.loads(path.read_text())["config"] for path in (folder / "runs").glob("*/manifest.json")]
    assert len({(one["pool"], one["method_temperature"]) for one in configs}) == 2


def test_a_prompt_of_the_user_s_own(folder, run, dermatrust, server, answered):
    (folder / "mine.md").write_text("---\nid: mine\nversion: 1\n---\nMY WORDS {question} / {options}")
    server.answer = lambda body: answered("Answer: A")
    run("--prompt", "mine.md", "--limit", "1")
    assert "MY WORDS Made-up question 0? / A. this" in json.dumps(server.asked[0])


RUN = ("run", "medqa", "-m", "openai/m", "--data")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "medqaa", "-m", "openai/m"], "no protocol is called 'medqaa'. Did you mean medqa?"),
        (["run", "medqa", "-m", "openai/m"], "pinned to no commit"),
        (["run", "medqa", "-m", "openai/m", "--data", "none.jsonl"], "there is no file or folder none.jsonl"),
        (["run", "medqa", "-m", "openai/m", "--data", "hf:a/b@main/x.json"], "all 40 digits of the commit"),
        (["run", "medqa", "-m", "openai/m", "--data", f"hf:a/b@{'0' * 40}/x.json"], "the hub cannot be reached"),
        (["run", "medqa", "-m", "openai/m", "--data", "rows.jsonl", "--variant", "x"], "has no variant 'x'"),
        (["run", "medqa", "-m", "openai/m", "--data", "rows.jsonl", "--method", "x"], "expected NAME or NAME:K"),
        (["run", "medqa", "-m", "openai/m", "--data", "rows.jsonl", "-j", "openai/j"], "nobody plays a judge here"),
        (["run", "medqa", "-m", "openai/m", "--data", "rows.jsonl", "--role", "x"], "expected ROLE=MODEL"),
        (["run", "mediq", "-m", "openai/m", "--data", "rows.jsonl"], "somebody to play the patient"),
        (["run", "mediconfusion", "-m", "openai/m", "--data", "rows.jsonl"], "rows.jsonl line 1: has no field"),
        (["run", "medqa", "-m", "nonsense", "--data", "rows.jsonl"], "is not a model name"),
        (["run", "mine.py", "-m", "openai/m", "--data", "rows.jsonl"], "mine.py: there is no such file"),
        (["run", "broken.py", "-m", "openai/m", "--data", "rows.jsonl"], "cannot be imported (SyntaxError"),
        (["run", "empty.py", "-m", "openai/m", "--data", "rows.jsonl"], "expected a dermatrust.protocols.Protocol"),
        (["replay", "medqa", "none.jsonl", "--data", "rows.jsonl"], "none.jsonl: there is no such file"),
        (["replay", "medqa", "twice.jsonl", "--data", "rows.jsonl"], "is a second record of item '0'"),
        (["replay", "medqa", "bad.jsonl", "--data", "rows.jsonl"], "bad.jsonl line 2: is not"),
        (["replay", "medqa", "others.jsonl", "--data", "rows.jsonl"], "has 1 record, as of 'x', and none of an item"),
        (["replay", "medqa", "nothing.jsonl", "--data", "rows.jsonl"], "nothing.jsonl: holds no record"),
        (["protocols", "medqaa"], "Did you mean medqa?"),
        ([*RUN, "nothing.jsonl"], "nothing.jsonl: holds no row; expected rows of medqa"),
        (
            [*RUN, "no-answer.jsonl"],
            "no-answer.jsonl line 1: is not a row of medqa (its answer is 'C'; expected",
        ),
        ([*RUN, "text.jsonl"], "its options are one text, 'this or that'"),
        ([*RUN, "no-field.jsonl"], "expected rows of medqa with the fields question, options, answer_idx"),
        ([*RUN, "rows.jsonl", "--role", "model=openai/other"], "names the model under test"),
        ([*RUN, "rows.jsonl", "--prompt", "candidate"], "--prompt: there is no file candidate"),
        ([*RUN, "rows.jsonl", "--prompt", "rows.jsonl"], "error: rows.jsonl: has no proper header"),
        ([*RUN, "rows.jsonl", "--prompt", "asks-nothing.md"], "has no place {question}"),
        ([*RUN, "rows.jsonl", "--prompt", "no-options.md"], "has no place {options}"),
        ([*RUN, "rows.jsonl", "--method", "chain-of-thought:3"], "chain-of-thought, which takes no number"),
        (
            [*RUN, "rows.jsonl", "--method", "few-shot:9", "--pool", "rows.jsonl"],
            "the pool holds 4; expected at most",
        ),
    ],
)
def test_what_is_wrong_is_one_line(folder, dermatrust, arguments, said):
    row = {"question": "Made up?", "options": {"A": "this", "B": "that"}, "answer_idx": "A"}
    (folder / "no-answer.jsonl").write_text(json.dumps(row | {"answer_idx": "C"}))
    (folder / "text.jsonl").write_text(json.dumps(row | {"options": "this or that"}))
    (folder / "no-field.jsonl").write_text(json.dumps({"question": "Made up?", "options": ["this", "that"]}))
    (folder / "nothing.jsonl").write_text("")
    (folder / "others.jsonl").write_text('{"id": "x", "reply": "A"}')
    for name, text in (("asks-nothing", "Just say A."), ("no-options", "{question}")):
        (folder / f"{name}.md").write_text(f"---\nid: mine\nversion: 1\n---\n{text}")
    (folder / "broken.py").write_text("def")
    (folder / "empty.py").write_text("")
    (folder / "twice.jsonl").write_text('{"id": "0", "reply": "A"}\n{"id": "0", "reply": "B"}\n')
    (folder / "bad.jsonl").write_text('{"id": "0", "reply": "A"}\nnot json\n')
    done = dermatrust(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_records_of_only_some_items_leave_the_others_missing(folder, dermatrust):
    (folder / "some.jsonl").write_text('{"id": "1", "reply": "Answer: B"}\n{"id": "unknown", "reply": "A"}\n')
    done = dermatrust("replay", "medqa", "some.jsonl", "--data", "rows.jsonl")
    assert done.returncode == 1
    assert "4 items, 3 missing" in done.stdout
    assert "missing 3 x not recorded" in done.stdout


def test_a_list_of_records_on_one_long_line_is_read_as_the_authors_have_it(folder, dermatrust):
    row = {"id": 1, "image_type": "mri", "question": "?" * 4_000_001, "response": "Yes"}
    kinds = (("modality_gt", "yes"), ("modality_hallu", "no"))
    (folder / "said.json").write_text(json.dumps([row | {"qa_type": kind, "gt_ans": gold} for kind, gold in kinds]))
    done = dermatrust("replay", "probmed", "said.json")
    assert (done.returncode, "2 items, 0 missing" in done.stdout) == (0, True)


def test_a_run_s_own_record_needs_the_data_where_the_authors_records_bring_theirs(folder, dermatrust):
    (folder / "own.jsonl").write_text('{"id": "1", "reply": "Yes"}\n')
    done = dermatrust("replay", "probmed", "own.jsonl")
    assert done.returncode == 2
    assert "--data: is not given" in done.stderr


def test_a_batch_is_asked_once_for_all_its_questions(folder, dermatrust, server, answered):
    rows = [{"Question": f"编造 {k}", "Options": "A 甲\nB 乙", "Answer": "AB"[k % 2]} for k in range(7)]
    (folder / "exam.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    server.answer = lambda body: answered("\n".join(["答案：A,解释：甲"] * (5 if "编造 0" in str(body) else 1)))
    model = f"{server.url}#m"
    asks = ["run", "cmexam", "-m", model, "--data", "exam.jsonl", "--run-id", "r", "--variant", "batched", "--quiet"]
    done = dermatrust(*asks)
    assert "7 items, 0 missing, 2 not answered" in done.stdout  # of the second batch one answer came for two
    assert len(server.asked) == 2
    assert [row["value"] for row in scored(folder, "r")] == [1, 0, 1, 0, 1, 0, 0]


def test_two_rows_with_one_id_are_an_error(folder, dermatrust):
    (folder / "rows.jsonl").write_text("".join(json.dumps({**ROWS[0]}) + "\n" for _ in range(2)))
    done = dermatrust("run", "medqa", "-m", "openai/m", "--data", "rows.jsonl")
    assert done.returncode == 2
    assert "line 2: has the id '0' of an earlier item" in done.stderr


def test_a_protocol_shows_a_row_of_its_data(dermatrust):
    (told,) = (line for line in dermatrust("protocols", "medirt").stdout.splitlines() if line.startswith("A row"))
    assert set(json.loads(told.removeprefix("A row"))) == {"id", "question", "options", "answer", "topic"}


def test_the_list_names_every_protocol(dermatrust):
    done = dermatrust("protocols")
    assert done.returncode == 0
    names = {line.split()[0] for line in done.stdout.splitlines()[1:]}
    assert {"medqa", "mediq", "medcalc-bench", "probmed"} <= names


def test_a_package_brings_its_own_by_an_entry_point(folder):
    (folder / "other.py").write_text(
        "from dataclasses import replace\nfrom dermatrust.protocols.published.medqa import PROTOCOL as BASE\n"
        "PROTOCOL, NAME = replace(BASE, name='other'), 'other'\n"
    )
    metadata = folder / "other-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[dermatrust.protocols]\nother = other:PROTOCOL\nbad = other:BASE.name\n"
    )
    code = "from dermatrust.cli import main; main()"
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}

    def asked(name):
        command = [sys.executable, "-c", code, "protocols", name]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    assert asked("other").stdout.startswith("MedQA")
    assert "is a str; expected a dermatrust.protocols.Protocol" in asked("bad").stderr


def test_a_cutoff_splits_results_and_another_one_asks_nothing_again(folder, dermatrust, server, answered):
    rubric = [{"criterion": "names eczema", "points": 2}]
    cases = [
        {
            "case_id": time,
            "post_time": time,
            "narrative": f"A rash in {time}.",
            "core_request": "What?",
            "rubric_items": rubric,
        }
        for time in ("2024-05-01", "2024-06-30", "2024-07-01")
    ]
    (folder / "cases.json").write_text(json.dumps(cases))
    judged = '[{"question": "", "met": true, "reasoning": ""}]'
    server.answer = lambda body: answered(judged if "CRITERION" in json.dumps(body) else "Eczema.")
    model = f"{server.url}#m"
    command = ["run", "livemedbench", "-m", model, "-j", model, "--data", "cases.json", "--run-id", "l", "--quiet"]
    for cutoff, periods in (("2024-06", ["before", "before", "after"]), ("2024-05", ["before", "after", "after"])):
        done = dermatrust(*command, "--cutoff", cutoff)
        assert done.returncode == 0, done.stderr
        assert [row["tags"]["cutoff"] for row in scored(folder, "l")] == periods
        assert f"n {periods.count('after')}" in next(line for line in done.stdout.splitlines() if "after" in line)
    assert len(server.asked) == 6
    for cutoff, said in (("soon", "--cutoff: is 'soon'; expected a month, YYYY-MM."), ("2024-13", "is '2024-13'")):
        wrong = dermatrust(*command, "--cutoff", cutoff)
        assert (wrong.returncode, said in wrong.stderr) == (2, True)
    none = dermatrust("replay", "medqa", "cases.json", "--cutoff", "2024-06")
    assert none.returncode == 2
    assert "medqa does not say from which month its items are" in none.stderr


def test_a_run_of_a_protocol_whose_records_bring_their_items_is_replayed_with_its_data(folder, dermatrust):
    case = {"question": "Which?", "options": "A. this\nB. that\nC. both", "answer": "A"}
    (folder / "enqa.json").write_text(json.dumps([case]))
    from dermatrust.protocols.find import find_protocol

    names = [item.id for item in find_protocol("clinbench-hpb").items(case)]
    lines = [json.dumps({"id": name, "reply": "Answer: A"}) + "\n" for name in names]
    (folder / "own.jsonl").write_text("".join(lines))
    done = dermatrust("replay", "clinbench-hpb", "own.jsonl", "--data", "enqa.json")
    assert done.returncode == 0, done.stderr
    assert "3 items, 0 missing" in done.stdout
    lacking = dermatrust("replay", "clinbench-hpb", "own.jsonl")
    assert lacking.returncode == 2
    assert "--data: is not given" in lacking.stderr


def test_what_authors_pickled_is_replayed(folder, dermatrust):
    replies = ["Answer: B", "Answer: B because", "Answer: A"]
    (folder / "mc.pkl").write_bytes(pickle.dumps([replies, [["B"], ["B"], ["B"]], [3]]))
    done = dermatrust("replay", "clinbench-hpb", "mc.pkl")
    assert done.returncode == 0, done.stderr
    assert "mean         0.6667" in done.stdout
    released = dermatrust("replay", "clinbench-hpb", "mc.pkl", "--variant", "released-code")
    assert "mean         0.3333" in released.stdout
    absent = dermatrust("replay", "clinbench-hpb", "absent.pkl")
    assert (absent.returncode, "absent.pkl" in absent.stderr) == (2, True)


def test_a_record_of_another_form_is_one_line_and_no_traceback(folder, dermatrust):
    case = {"case_summary": "A made-up woman.", "differential_diagnosis": "", "diagnosis_results": "A made-up disease."}
    judged = {"id": "PMC1", "generate_case": case, "results": {"content": "x"}, "reasoning_eval": [{"step": "a"}]}
    (folder / "PMC1.json").write_text(json.dumps(judged))
    (folder / "mc.pkl").write_bytes(pickle.dumps([["Answer: B"], [7], [1]]))
    for protocol, file, error in (("medr-bench", "PMC1.json", "KeyError"), ("clinbench-hpb", "mc.pkl", "TypeError")):
        done = dermatrust("replay", protocol, file)
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: {file}: holds what is no record of this protocol ({error}")
