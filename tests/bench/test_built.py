"""References and regular narratives built into a dataset folder: what is appended, left alone, and resumed."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from click.testing import CliRunner

from dermatrust.audit.references import audit_references
from dermatrust.cli.main import cli
from dermatrust.clients.synthetic import answer
from dermatrust.datasets.atlas import write_atlas
from dermatrust.errors import DataError, ModelError
from dermatrust.records import Certificate, Narrative
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records, write_records
from dermatrust.store.layout import DRAFTS, NARRATIVES, REFERENCES

N = 8


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas") / "atlas"
    write_atlas(folder, n=N, seed=5)
    return folder


@pytest.fixture
def atlas(drawn, tmp_path):
    """An atlas without the references it is drawn with."""
    folder = tmp_path / "atlas"
    shutil.copytree(drawn, folder)
    (folder / REFERENCES).unlink()
    return folder


def build(folder, *more, captioner="nano/captioner-strong", reasoner="synthetic/reasoner"):
    out = ["--out", str(folder.parent / "runs"), "-q"]
    command = ["build", str(folder), "-m", captioner, "--reasoner", reasoner, *out, *more]
    result = CliRunner().invoke(cli, command, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_atlas_is_built_from_its_photographs_and_no_check_finds_fault(atlas):
    result = build(atlas)
    assert result.exit_code == 0, result.output
    folder = DatasetFolder.open(atlas)
    cases = {case.id: case for case in folder.iter_cases()}
    references, regular = list(folder.iter_references()), list(folder.iter_narratives())
    assert len(references) == len(regular) == N
    assert Counter(d.stream for d in folder.iter_drafts()) == {"caption": N, "reference": N, "regular": N}
    assert all(r.text.endswith(f"The answer is {cases[r.case_id].label}.") for r in references)
    known = {d.id: d for d in folder.iter_drafts()}
    for one in (*references, *regular):
        assert known[known[one.parent].parent].stream == "caption"
    assert {one.certificate for one in references} == {None}
    kinds = Counter(f.kind for f in audit_references(folder).findings)
    assert kinds["named too early"] == kinds["refusal"] == 0


def test_narrators_that_name_diseases_are_caught_as_captioners(atlas):
    result = build(atlas, "-n", "2", "--attempts", "2", captioner="nano/narrator-strong")
    assert "x names a disease" in result.output
    captions = [d for d in DatasetFolder.open(atlas).iter_drafts() if d.stream == "caption"]
    assert len(captions) == 2
    assert all("names a disease" in caption.flags for caption in captions)


def test_the_same_command_again_writes_nothing_and_asks_nothing(atlas):
    build(atlas)
    before = {name: (atlas / name).read_bytes() for name in (DRAFTS, REFERENCES, NARRATIVES)}
    result = build(atlas)
    assert result.exit_code == 0
    assert {name: (atlas / name).read_bytes() for name in before} == before
    assert f"{N} cases with a reference nobody certified: no reference is written" in result.output
    build(atlas, "--replace-uncertified")
    assert (atlas / REFERENCES).read_bytes() == before[REFERENCES]


def test_certified_references_are_never_touched_and_others_only_when_told(atlas):
    ids = [case.id for case in DatasetFolder.open(atlas).iter_cases()]
    vouched = Certificate(certified_by="Dr B", source="here")
    ours = [
        Narrative(id="r0", case_id=ids[0], text="Certified.", author="a", stream="reference", certificate=vouched),
        Narrative(id="r1", case_id=ids[1], text="A draft.", author="a", stream="reference"),
    ]
    write_records(atlas / REFERENCES, ours)
    result = build(atlas)
    folder = DatasetFolder.open(atlas)
    assert [folder.reference(name).text for name in ids[:2]] == ["Certified.", "A draft."]
    assert "1 case with a certified reference" in result.output
    assert "1 case with a reference nobody certified" in result.output
    build(atlas, "--replace-uncertified")
    folder = DatasetFolder.open(atlas)
    assert folder.reference(ids[0]) == ours[0]
    assert folder.reference(ids[1]).author == "synthetic/reasoner"


def test_a_reference_certified_while_a_build_runs_stays_the_one_that_is_read(atlas, monkeypatch):
    import dermatrust.bench.built as module

    real = module.ask_all
    first = next(DatasetFolder.open(atlas).iter_cases()).id
    vouched = Narrative(
        id="r0", case_id=first, text="Certified.", author="a", stream="reference",
        certificate=Certificate(certified_by="Dr B", source="here"),
    )  # fmt: skip

    def certified_meanwhile(*arguments):
        failures = real(*arguments)
        append_records(atlas / REFERENCES, [vouched])
        return failures

    monkeypatch.setattr(module, "ask_all", certified_meanwhile)
    build(atlas)
    assert DatasetFolder.open(atlas).reference(first) == vouched


def test_cases_without_a_label_get_a_regular_narrative_only(atlas):
    cases = [case.model_copy(update={"label": None}) for case in DatasetFolder.open(atlas).iter_cases()]
    write_records(atlas / "metadata.jsonl", cases)
    result = build(atlas)
    folder = DatasetFolder.open(atlas)
    assert f"{N} cases without a label" in result.output
    assert not list(folder.iter_references())
    assert len(list(folder.iter_narratives())) == N


def test_refusals_are_counted_and_never_written(atlas, tmp_path):
    ids = [case.id for case in DatasetFolder.open(atlas).iter_cases()]
    texts = [
        "I'm sorry, but I can't assist with that.",
        "",
        *["This image shows red plaques. Scale is seen."] * (N - 2),
    ]
    rows = [
        {"case_id": name, "author": "recorded", "text": text}
        for name, text in zip(ids, texts, strict=True)
        for _ in "12"
    ]
    replay = tmp_path / "captions.jsonl"
    replay.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = build(atlas, "--attempts", "2", captioner=f"replay:{replay}")
    assert "not written 1 x caption: refused" in result.output
    assert "not written 1 x caption: silent" in result.output
    folder = DatasetFolder.open(atlas)
    assert len(list(folder.iter_references())) == len(list(folder.iter_narratives())) == N - 2
    assert "assist" not in (atlas / DRAFTS).read_text()


def test_a_private_dataset_is_not_sent_away_and_a_missing_photograph_is_named(atlas):
    card = (atlas / "card.yaml").read_text()
    (atlas / "card.yaml").write_text(card.replace("may_leave_machine: true", "may_leave_machine: false"))
    with pytest.raises(ModelError, match="is not on this machine"):
        build(atlas, reasoner="openai/gpt-x")
    next((atlas / "images").iterdir()).unlink()
    with pytest.raises(DataError, match="its image images/"):
        build(atlas)


def test_killed_builds_lose_no_committed_reply_and_ask_for_the_rest_only(atlas, server, answered):
    caption = "This image shows red plaques, number {}. Silvery scale is seen."

    def reply(body):
        content = body["messages"][0]["content"]
        text = content if isinstance(content, str) else content[-1]["text"]
        said = caption.format(len(json.dumps(body)) % 97) if body["model"] == "captioner" else answer(text)
        sent = answered(said)
        sent.delay_s = 0.05
        return sent

    server.answer = reply

    def start():
        names = ["-m", f"{server.url}#captioner", "--reasoner", f"{server.url}#reasoner"]
        out = ["--out", str(atlas.parent / "runs"), "-q", "--max-concurrency", "2"]
        return subprocess.Popen(
            [sys.executable, "-m", "dermatrust", "build", str(atlas), *names, *out],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    n_killed = 0
    for wanted in (3, 15):
        process = start()
        while process.poll() is None and len(server.asked) < wanted:
            time.sleep(0.005)
        time.sleep(0.3)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            n_killed += 1
        process.communicate()
    last = start()
    _out, err = last.communicate(timeout=120)
    assert last.returncode == 0, err
    asks = Counter(json.dumps(body["messages"], sort_keys=True) for body in server.asked)
    assert n_killed == 2
    assert len(asks) >= 3 * N - 2  # captions may be alike, and then their reasoning is asked for once
    assert sum(asks.values()) - len(asks) <= n_killed * 2 * 4  # what was in flight or not yet committed
    assert len(list(DatasetFolder.open(atlas).iter_references())) == N
