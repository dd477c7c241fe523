import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from dermatrust.atlas.degrade import DEGRADATIONS, HIDES
from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.facts import View
from dermatrust.atlas.said import NarrativeError
from dermatrust.atlas.scoring import true_scores
from dermatrust.atlas.vocabulary import ATTRIBUTES, VISIBLE
from dermatrust.clients.nano import nano_names
from dermatrust.datasets.atlas import MOST_CASES, write_atlas
from dermatrust.datasets.atlas_chunk import EVERY_DEGRADATION, TRUTH_RATER
from dermatrust.datasets.atlas_truth import read_errors, read_truth
from dermatrust.datasets.check import check_dataset
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import DIMENSIONS
from dermatrust.store import DatasetFolder
from dermatrust.store.new_dataset import image_name

N = 60


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "d"
    assert write_atlas(path, n=N, seed=3, degrade="random", raters=3) == N
    return path


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_folder_is_an_ordinary_dataset_that_says_it_is_synthetic(drawn):
    dataset = DatasetFolder.open(drawn)
    assert (dataset.card.synthetic, dataset.card.may_leave_machine, dataset.card.licence) == (True, True, "Apache-2.0")
    assert dataset.n_cases == N
    assert not list(dataset.missing_images())
    assert len(list(dataset.iter_references())) == N
    assert {reference.author for reference in dataset.iter_references()} == {"dermatrust atlas (synthetic)"}


def test_data_check_finds_no_error(drawn):
    report = check_dataset(drawn)
    assert [finding for finding in report.findings if finding.severity == "error"] == []


def test_hugging_face_loads_it(tmp_path, monkeypatch):
    for name in ("HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", os.fspath(tmp_path / "hf"))
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    write_atlas(tmp_path / "d", n=6, split="test", raters=1)
    loaded = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "d"), cache_dir=str(tmp_path / "cache"))
    cases = list(DatasetFolder.open(tmp_path / "d").iter_cases())
    assert [row["id"] for row in loaded["train"]] == [case.id for case in cases]
    assert [[image.size for image in row["images"]] for row in loaded["train"]] == [
        [(336, 336)] * len(case.file_names) for case in cases
    ]


def test_the_bytes_do_not_depend_on_workers_or_the_day(tmp_path, drawn):
    write_atlas(tmp_path / "two", n=N, seed=3, degrade="random", raters=3, workers=2)
    assert contents(tmp_path / "two") == contents(drawn)
    write_atlas(tmp_path / "again", n=5, seed=3)
    write_atlas(tmp_path / "more", n=7, seed=3)
    few, more = contents(tmp_path / "again"), contents(tmp_path / "more")
    assert all(more[name] == content for name, content in few.items() if name.startswith("images/"))
    assert more["metadata.jsonl"].startswith(few["metadata.jsonl"])


def test_splits_and_seeds_share_no_patient_and_no_picture(tmp_path):
    patients, pictures = [], []
    for k, (seed, split) in enumerate([(0, "train"), (0, "test"), (1, "train")]):
        write_atlas(tmp_path / str(k), n=12, seed=seed, split=split)
        cases = list(DatasetFolder.open(tmp_path / str(k)).iter_cases())
        patients.append({(case.patient_id, case.monk, case.context.age, case.context.sex) for case in cases})
        pictures.append({content for name, content in contents(tmp_path / str(k)).items() if name.endswith(".jpg")})
        assert {case.split for case in cases} == {split}
    for kinds in (patients, pictures):
        assert not kinds[0] & kinds[1] | kinds[0] & kinds[2]
    assert not {p[0] for p in patients[0]} & {p[0] for p in patients[1]}


def test_truth_and_case_and_facts_agree(drawn):
    names = {one.id: one.name for one in load_lexicon().diagnoses.values()}
    cases = list(DatasetFolder.open(drawn).iter_cases())
    truths = list(read_truth(drawn))
    for number, (case, truth) in enumerate(zip(cases, truths, strict=True)):
        facts = draw_facts(3, "train", number)
        assert (case.id, case.patient_id) == (truth.case_id, facts.patient_id) == (facts.case_id, facts.patient_id)
        assert (case.label, case.urgency) == (names[truth.diagnosis], truth.urgency)
        assert [item.diagnosis for item in case.differential] == [names[item.diagnosis] for item in truth.differential]
        assert sum(item.weight for item in truth.differential) == pytest.approx(1)
        assert case.file_names == tuple(image.file_name for image in truth.images)
        assert {name for name, has in case.context.symptoms.items() if has} == set(truth.symptoms)
        assert (case.monk, case.fitzpatrick, truth.seed) == (facts.monk, facts.fitzpatrick, facts.seed)
        assert set(truth.findings) == set(ATTRIBUTES)
        assert truth.findings["features"] == facts.findings.features
        assert truth.findings["site"] == (facts.findings.site,)
        assert case.context.site is None
        assert [image.angle for image in truth.images] == [view.angle for view in facts.views]


def test_what_a_degradation_hides_is_not_visible(drawn):
    degraded = 0
    for truth in read_truth(drawn):
        for image in truth.images:
            pairs = [one.rpartition(":")[::2] for one in image.degradations]
            hidden = {a for kind, severity in pairs for a in HIDES.get((kind, int(severity)), ())}
            assert image.visible == tuple(a for a in VISIBLE[image.angle] if a not in hidden)
            degraded += bool(pairs)
    assert degraded > N / 2


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_more_of_a_degradation_hides_at_least_as_much(kind):
    for angle in VISIBLE:
        looks = [View(angle, 0, False, False), *(View(angle, 0, False, False, ((kind, s),)) for s in (1, 2, 3))]
        seen = [set(look.visible) for look in looks]
        assert seen[0] >= seen[1] >= seen[2] >= seen[3]


def test_all_deals_every_degradation_out(tmp_path):
    write_atlas(tmp_path / "d", n=len(EVERY_DEGRADATION), degrade="all")
    done = {image.degradations for truth in read_truth(tmp_path / "d") for image in truth.images}
    assert done == {(f"{kind}:{severity}",) for kind, severity in EVERY_DEGRADATION}


def test_every_candidate_has_its_errors_and_a_rating_of_every_rater(drawn):
    dataset = DatasetFolder.open(drawn)
    narratives = list(dataset.iter_narratives())
    planted = list(read_errors(drawn))
    assert [one.id for one in narratives] == [one.narrative_id for one in planted]
    assert len(narratives) == N
    assert {one.author for one in narratives} == {"atlas/planted-errors"}
    assert all(set(one.true_scores) == set(DIMENSIONS) for one in planted)
    assert any(one.errors for one in planted)
    ratings = list(dataset.iter_ratings())
    assert len(ratings) == 3 * N
    assert len({(one.narrative_id, one.rater) for one in ratings}) == 3 * N
    true = {one.narrative_id: one.true_scores for one in planted}
    steady = [
        abs(score - true[one.narrative_id][dimension])
        for one in ratings if one.rater == "atlas/rater-steady" for dimension, score in one.scores.items()
    ]  # fmt: skip
    assert sum(steady) / len(steady) < 0.45


def test_without_raters_there_are_no_candidates(tmp_path):
    write_atlas(tmp_path / "d", n=1)
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == [
        "card.yaml", "images", "metadata.jsonl", "references.jsonl", "truth.jsonl",
    ]  # fmt: skip


def test_no_image_name_holds_a_word_that_loaders_take_for_a_split(drawn):
    for case in DatasetFolder.open(drawn).iter_cases():
        assert all(image_name(name) == name for name in case.file_names)


def test_a_broken_line_of_truth_is_named(tmp_path):
    write_atlas(tmp_path / "d", n=2)
    path = tmp_path / "d" / "truth.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"angle":"', b'"angle":"x', 1))
    with pytest.raises(DataError, match=r"truth\.jsonl line 1: images\.0\.angle"):
        list(read_truth(tmp_path / "d"))
    path.unlink()
    with pytest.raises(DataError, match="there is no such file"):
        list(read_truth(tmp_path / "d"))


@pytest.mark.parametrize(("wrong", "complaint"), [
    ({"n": 0}, "number of cases: is 0; expected 1 to"),
    ({"n": MOST_CASES + 1}, "number of cases"),
    ({"seed": -1}, "the seed: is -1"),
    ({"split": "a/b"}, "the split: is called 'a/b'"),
    ({"split": ""}, "the split"),
    ({"raters": 4}, "number of raters: is 4; expected 0 to 3"),
    ({"workers": 0}, "number of workers"),
    ({"degrade": (("fog", 1),)}, "degradation: is fog:1; expected one of blur"),
    ({"degrade": (("blur", 4),)}, "blur:4"),
    ({"degrade": "none"}, "degrade: is 'none'"),
])  # fmt: skip
def test_arguments_that_make_no_sense_are_refused_and_leave_nothing(tmp_path, wrong, complaint):
    with pytest.raises(DataError, match=complaint):
        write_atlas(tmp_path / "d", **({"n": 1} | wrong))
    assert not list(tmp_path.iterdir())


def test_a_full_folder_is_left_alone(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="exists and is not empty"):
        write_atlas(tmp_path / "d", n=1)
    assert contents(tmp_path) == {"d/mine.txt": b"mine"}


def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dermatrust.store.atomic.os.fsync", full)
    with pytest.raises(DataError, match="cannot be written"):
        write_atlas(tmp_path / "d", n=1)
    assert not list(tmp_path.iterdir())


def test_a_failure_inside_a_worker_comes_back_whole(tmp_path):
    def stop(_):
        raise DataError("progress", "stopped", "more", "Do it.")

    with pytest.raises(DataError, match=r"progress: stopped; expected more\. Do it\."):
        write_atlas(tmp_path / "d", n=300, workers=2, progress=stop)
    assert not list(tmp_path.iterdir())


def started(folder, *, is_under_way):
    command = [sys.executable, "-m", "dermatrust", "atlas", "d", "--n", "5000", "--workers", "2", "--quiet"]
    process = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not is_under_way(process):
        assert time.monotonic() < deadline, process.poll()
        time.sleep(0.01)
    return process


def workers_of(process):
    """Return the ids of the processes that draw; there are none to be found where there is no /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def drawing(folder):
    return lambda _: list(folder.glob(".d.*.tmp/images/*.jpg"))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
@pytest.mark.parametrize("when", ["workers start", "workers draw"])
def test_ctrl_c_leaves_nothing(tmp_path, when):
    process = started(tmp_path, is_under_way=workers_of if when == "workers start" else drawing(tmp_path))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "stopped. Nothing was written; the same command begins anew."
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
def test_a_killed_worker_is_one_error_and_leaves_nothing(tmp_path):
    process = started(tmp_path, is_under_way=drawing(tmp_path))
    os.kill(workers_of(process)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("error: d: a worker process was killed. ")
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
def test_workers_end_with_a_killed_parent(tmp_path):
    process = started(tmp_path, is_under_way=drawing(tmp_path))
    workers = workers_of(process)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.communicate()


def test_what_a_degradation_hides_on_every_image_is_never_missing(tmp_path):
    how = (("blur", 3), ("colour cast", 3))
    write_atlas(tmp_path / "d", n=60, degrade=how, raters=1)
    hidden = {attribute for done in how for attribute in HIDES[done]}
    texts = zip(read_truth(tmp_path / "d"), read_errors(tmp_path / "d"), strict=True)
    n_missing = 0
    for truth, known in texts:
        seen = {attribute for image in truth.images for attribute in image.visible}
        assert not seen & hidden
        values = {value for attribute in hidden for value in truth.findings[attribute]}
        missing = {error.about for error in known.errors if error.kind == "missing finding"}
        n_missing += len(missing)
        assert not missing & values
    assert n_missing > 5  # what is not hidden is still missed


def test_the_truth_rates_every_candidate_and_says_why(tmp_path):
    write_atlas(tmp_path / "d", n=8, seed=3, candidates=3, critiques=True)
    dataset = DatasetFolder.open(tmp_path / "d")
    narratives, planted = list(dataset.iter_narratives()), list(read_errors(tmp_path / "d"))
    ratings = list(dataset.iter_ratings())
    assert len(narratives) == len(planted) == len(ratings) == 24
    assert len({one.id for one in narratives}) == 24
    assert len({one.text for one in narratives}) > 20  # a refusal may come twice
    assert {one.rater for one in ratings} == {TRUTH_RATER}
    for rating, known in zip(ratings, planted, strict=True):
        assert rating.narrative_id == known.narrative_id
        assert rating.scores == known.true_scores == true_scores(NarrativeError(e.kind, e.about) for e in known.errors)
        assert bool(re.search(r"wrong|missing|invented", rating.critique)) >= any(
            e.kind in ("wrong site", "wrong colour") for e in known.errors
        )
    assert Counter(one.author for one in narratives) == {
        "atlas/planted-errors": 8, "atlas/planted-errors-2": 8, "atlas/planted-errors-3": 8,
    }  # fmt: skip
    assert [one.case_id for one in narratives] == [f"atlas-train-{k // 3:06d}" for k in range(24)]


def test_more_candidates_leave_the_first_as_it_was(tmp_path):
    write_atlas(tmp_path / "one", n=6, critiques=True)
    write_atlas(tmp_path / "three", n=6, candidates=3, critiques=True, raters=2)
    first = list(DatasetFolder.open(tmp_path / "one").iter_narratives())
    assert first == [one for one in DatasetFolder.open(tmp_path / "three").iter_narratives() if one in first]
    raters = Counter(one.rater for one in DatasetFolder.open(tmp_path / "three").iter_ratings())
    assert set(raters.values()) == {18}
    assert TRUTH_RATER in raters
    assert len(raters) == 3


def test_what_the_narrators_say_is_held_against_the_truth(tmp_path):
    write_atlas(tmp_path / "d", n=5, seed=3, split="test", narrators=True, critiques=True)
    dataset = DatasetFolder.open(tmp_path / "d")
    narratives, planted = list(dataset.iter_narratives()), list(read_errors(tmp_path / "d"))
    authors = Counter(one.author for one in narratives)
    assert authors == dict.fromkeys(["atlas/planted-errors", *nano_names()], 5)
    assert [(one.id, one.author) for one in narratives] == [(one.narrative_id, one.author) for one in planted]
    told = [one for one in planted if one.author in nano_names()]
    assert not [e for one in told for e in one.errors if e.kind == "missed red flag"]  # they know no history
    assert any(one.errors for one in told)
    weak, strong = (
        sum(sum(one.true_scores.values()) for one in told if one.author == name)
        for name in ("nano/narrator-weak", "nano/narrator-strong")
    )
    assert strong > weak


def test_only_the_diseases_asked_for_are_drawn(tmp_path):
    wanted = ("plaque-psoriasis", "melanoma")
    write_atlas(tmp_path / "d", n=20, diseases=wanted)
    assert {truth.diagnosis for truth in read_truth(tmp_path / "d")} == set(wanted)
    assert "Only plaque-psoriasis, melanoma." in DatasetFolder.open(tmp_path / "d").card.notes


def test_phrasings_that_are_held_back_are_told_by_other_words(tmp_path):
    texts = {}
    for phrasing in ("known", "unseen", "all"):
        write_atlas(tmp_path / phrasing, n=20, critiques=True, phrasing=phrasing)
        dataset = DatasetFolder.open(tmp_path / phrasing)
        texts[phrasing] = [one.text for one in dataset.iter_narratives()]
        assert ("Phrasings:" in dataset.card.notes) == (phrasing != "all")
    planted = [list(read_errors(tmp_path / name)) for name in texts]
    assert (
        [one.errors for one in planted[0]] == [one.errors for one in planted[1]] == [one.errors for one in planted[2]]
    )
    words = {name: " ".join(of_name) for name, of_name in texts.items()}
    assert len({*words.values()}) == 3
    sentences = {name: set(re.split(r"(?<=[.!?])\s+", text)) for name, text in words.items()}
    shared = sentences["known"] & sentences["unseen"]
    assert len(shared) < 0.2 * len(sentences["known"])


def test_the_bytes_of_everything_new_do_not_depend_on_workers(tmp_path):
    how = {"n": 51, "seed": 6, "candidates": 2, "critiques": True, "narrators": True, "phrasing": "known"}
    write_atlas(tmp_path / "one", **how, diseases=("melanoma", "acne-vulgaris"))
    write_atlas(tmp_path / "two", **how, diseases=("melanoma", "acne-vulgaris"), workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize(("wrong", "complaint"), [
    ({"candidates": 0, "raters": 1}, "number of candidates: is 0; expected 1 to 100"),
    ({"candidates": 101, "raters": 1}, "number of candidates: is 101"),
    ({"candidates": 2}, "the candidates: have nobody to rate them; expected raters or critiques"),
    ({"narrators": True}, "the candidates: have nobody to rate them"),
    ({"diseases": ("dragon-pox",)}, "the diseases: 'dragon-pox' is not drawn by the atlas; expected ids such as"),
    ({"phrasing": "some", "critiques": True}, "phrasing: is 'some'; expected"),
])  # fmt: skip
def test_candidates_that_make_no_sense_are_refused_and_leave_nothing(tmp_path, wrong, complaint):
    with pytest.raises(DataError, match=complaint):
        write_atlas(tmp_path / "d", **({"n": 1} | wrong))
    assert not list(tmp_path.iterdir())
