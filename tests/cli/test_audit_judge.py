"""`dermatrust audit judge` from the command line: offline, with a server that answers, and with one that does not."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys

import pytest

from dermatrust.audit.known_errors import known_errors_name, read_known_errors
from dermatrust.lexicon import lexicon_texts
from dermatrust.lexicon.lexicon import PACKAGED
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rating
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.jsonl import append_records
from dermatrust.store.lock import only_writer

TEXT = (
    "One sees an indurated, erythematous plaque on the {side} forearm. There is scaling; the border is well-defined. "
    "The surface is rough. There is fever. Lichen planus is less likely, since nothing is purple. "
    "Taken together, the well-defined border points to psoriasis. Refer to dermatology today. The answer is psoriasis."
)


def audit(*arguments, cwd):
    command = [sys.executable, "-m", "dermatrust", "audit", "judge", *map(str, arguments), "--quiet"]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "t"
    card = DatasetCard(name="../t", version="1", source="s", licence="private", consent="c", synthetic=True)
    cases = [Case(id=c, patient_id=f"p{c}", label="psoriasis", urgency="urgent") for c in "ab"]
    references = [
        Narrative(id=f"r{c}", case_id=c, text=TEXT.format(side=side), author="x", stream="reference")
        for c, side in (("a", "left"), ("b", "right"))
    ]
    write_dataset(path, card, cases, references)
    return path


def the_run(cwd):
    (run,) = (cwd / "runs").glob("audit-judge-*")
    (variants,) = run.glob("variants-*")
    return run, read_known_errors(variants)


def test_another_lexicon_makes_other_variants(dataset, tmp_path, monkeypatch):
    tables = shutil.copytree(PACKAGED, tmp_path / "tables")
    monkeypatch.setattr(lexicon_texts, "__defaults__", (tables,))
    folder = DatasetFolder.open(dataset)
    before = known_errors_name(folder, seed=0, limit=None)
    assert known_errors_name(folder, seed=0, limit=None) == before
    with (tables / "surfaces.csv").open("a", encoding="utf-8") as file:
        file.write("Frosted,surface,frosty,,our clinic\n")
    assert known_errors_name(folder, seed=0, limit=None) != before


def test_the_lexical_judge_gets_its_card_offline(dataset, tmp_path):
    done = audit(dataset, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("synthetic dataset: no number below is clinical performance\n")
    assert "judge lexical" in done.stdout
    assert "unsafe advice" in done.stdout
    run, known = the_run(tmp_path)
    assert run.parent == tmp_path / "runs"  # the card's name leads nowhere else
    assert {n.author for n in known.folder.iter_narratives()} == {v.kind for v in known.variants}
    rows = list(csv.DictReader(io.StringIO((run / "report-card.csv").read_text(encoding="utf-8"))))
    names = ("section", "kind", "measure", "dimension")
    wanted = ["error", "unsafe advice", "fall", "safety"]
    (fall,) = (row for row in rows if [row[name] for name in names] == wanted)
    assert (float(fall["value"]), int(fall["n"]), fall["synthetic"]) == (2.5, 2, "True")
    whole = json.loads((run / "report-card.json").read_text(encoding="utf-8"))
    assert len(whole["records"]) == len(rows)
    assert "unsafe advice" in (run / "judge-report-card.html").read_text(encoding="utf-8")
    before = (known.folder.path / "ratings.jsonl").read_bytes()
    again = audit(dataset, cwd=tmp_path)
    assert again.stdout == done.stdout
    assert (known.folder.path / "ratings.jsonl").read_bytes() == before


def test_a_judge_that_never_sees_anything_is_asked_once_and_called_blind(dataset, tmp_path, server, answered):
    server.answer = lambda body: answered(json.dumps({d.value: {"score": 4, "reason": "fine"} for d in DIMENSIONS}))
    name = f"{server.url}#flat"
    done = audit(dataset, "-j", name, "-j", "lexical", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    _, known = the_run(tmp_path)
    assert len(server.asked) == len(known.variants)
    flat, lexical = done.stdout.split("judge lexical")
    assert flat.count("BLIND") == len(DIMENSIONS)
    assert "BLIND" not in lexical
    audit(dataset, "-j", name, cwd=tmp_path)
    assert len(server.asked) == len(known.variants)  # everything was known


def test_a_judge_that_does_not_answer_is_missing_and_the_command_says_so(
    dataset, tmp_path, server, answered, answer_type
):
    def answer(body):
        if len(server.asked) % 10 == 0:
            return answer_type(status=400, body=b"{}")
        return answered(json.dumps({d.value: {"score": 4, "reason": "fine"} for d in DIMENSIONS}))

    server.answer = answer
    done = audit(dataset, "-j", f"{server.url}#mute", "--max-concurrency", "1", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"missing verdicts: \d+ % \(no answer \d+\)", done.stdout)
    assert "asks failed" in done.stderr


def test_a_model_makes_twins_in_another_language(dataset, tmp_path, server, answered):
    def answer(body):
        asked = json.dumps(body, ensure_ascii=False)
        if "You translate medical texts" not in asked:
            return answered(json.dumps({d.value: {"score": 4, "reason": "fine"} for d in DIMENSIONS}))
        if "on the right forearm" in asked:
            return answered("I'm sorry, but I can't assist with that.")
        return answered("Se ve una placa roja en el antebrazo. Hay escamas. Derivar hoy. La respuesta es psoriasis.")

    server.answer = answer
    name = f"{server.url}#m"
    done = audit(dataset, "-j", name, "-m", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"Other language: 1 of 2 references translated by {name}, translate@1:" in done.stdout
    assert "missing: refused 1. Of a translation only numbers, length and form are checked" in done.stdout
    run, known = the_run(tmp_path)
    assert [v.case_id for v in known.variants if v.kind == "other language"] == ["a"]
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["config"]["translator"] == name
    assert "translate@1" in manifest["prompts"]
    assert "twin: other language" in (run / "judge-report-card.html").read_text(encoding="utf-8")
    n_asked = len(server.asked)
    assert n_asked == len(known.variants) + 2
    again = audit(dataset, "-j", name, "-m", name, cwd=tmp_path)
    assert (again.stdout, len(server.asked)) == (done.stdout, n_asked)
    other = audit(dataset, "-j", name, "-m", "http://example.org/v1#m", cwd=tmp_path)
    assert other.returncode == 2  # the texts may not leave the machine


def test_label_facts_are_no_references(tmp_path):
    path = tmp_path / "t"
    card = DatasetCard(name="t", version="1", source="s", licence="private", consent="c")
    fact = Narrative(id="r", case_id="a", text="Diagnosis: psoriasis.", author="x", stream="label")
    write_dataset(path, card, [Case(id="a")], [fact])
    done = audit(path, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "holds no reference narrative to make errors in" in done.stderr


def test_references_that_are_all_refusals_offer_nothing_to_make_errors_in(tmp_path):
    path = tmp_path / "t"
    card = DatasetCard(name="t", version="1", source="s", licence="private", consent="c")
    text = "I'm sorry, but I can't help with this image."
    refusal = Narrative(id="r", case_id="a", text=text, author="x", stream="reference")
    write_dataset(path, card, [Case(id="a")], [refusal])
    done = audit(path, cwd=tmp_path)
    assert done.returncode == 2
    assert "every reference is a refusal" in done.stderr
    assert not list(tmp_path.glob("runs/*/variants-*"))


def test_a_second_process_is_sent_away_before_it_writes_anything(dataset, tmp_path):
    run = tmp_path / "runs" / "x"
    with only_writer(run):
        done = audit(dataset, "--run-id", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert "another process is working in this folder" in done.stderr
    assert [path.name for path in run.iterdir()] == [".lock"]


def test_damaged_candidates_are_told_before_a_judge_is_asked(dataset, tmp_path, server):
    stranger = Narrative.candidate(case_id="nobody", author="m", text="A red plaque.")
    append_records(dataset / "narratives.jsonl", [stranger])
    done = audit(dataset, "-j", f"{server.url}#m", cwd=tmp_path)
    assert done.returncode == 2
    assert "is about case 'nobody'" in done.stderr
    assert server.asked == []


def test_a_panel_must_have_rated_something(dataset, tmp_path):
    texts = [Narrative.candidate(case_id="a", author="m", text="A red plaque. The answer is psoriasis.")]
    append_records(dataset / "narratives.jsonl", texts)
    scores = dict.fromkeys(DIMENSIONS, 3.0)
    append_records(dataset / "ratings.jsonl", [Rating(narrative_id=texts[0].id, rater="Dr A", scores=scores)])
    done = audit(dataset, "--panel", "Dr B", cwd=tmp_path)
    assert done.returncode == 2
    assert "'Dr B' has rated nothing" in done.stderr
    assert "one of Dr A" in done.stderr
    assert audit(dataset, "--panel", "Dr A", cwd=tmp_path).returncode == 0


def test_texts_that_may_not_leave_the_machine_are_not_even_made(dataset, tmp_path):
    done = audit(dataset, "-j", "http://example.org/v1#m", cwd=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "runs").exists()
