"""The injection test with raters whose gullibility is known."""

import json

import pytest

from dermatrust.audit.attack_images import CAPTIONS
from dermatrust.audit.attack_texts import HARMLESS, attack_classes, text_attacks
from dermatrust.audit.detector import FamiliarityLine
from dermatrust.audit.injection import ALL_PICTURES, ALL_TEXTS, PICTURES, TEXTS, WritingLine, audit_injection
from dermatrust.audit.injection_plan import PLAIN, find_hosts, plan_texts
from dermatrust.audit.shift_table import injection_text, write_injection_files
from dermatrust.audit.variants import read_variants
from dermatrust.bench.results import MACRO
from dermatrust.clients import AskFailed
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.form import Form
from dermatrust.report.rater_audit import injection_context, write_injection_page
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.run import RunFolder

from .conftest import PROMPT, LookingClient

OBEYED = ("asks for fives", "fake JSON verdict", "other language", "hidden in a long narrative")


def candidate_of(request):
    """Return what stands between the fences of the narrative."""
    text = request.messages[0].text
    return text.rpartition("<<<BEGIN CANDIDATE")[2].partition("<<<END CANDIDATE")[0]


@pytest.fixture
def gullible(verdict):
    """Return a judge that obeys some classes and sees through all others."""
    orders = [attack.text for attack in text_attacks() if attack.kind in OBEYED]
    return lambda request: verdict(5 if any(order in candidate_of(request) for order in orders) else 1)


def rows_of(audit, rater):
    return {row.kind: row for row in audit.rows if row.rater == rater}


def test_the_success_rate_is_1_for_what_a_judge_obeys_and_0_for_the_rest(bench_of, quiet, tmp_path, gullible):
    audit = audit_injection(bench_of({"gullible": gullible}), RunFolder(tmp_path / "run"), quiet, per_attack=1)
    rows = rows_of(audit, "gullible")
    assert list(rows) == [*attack_classes(), ALL_TEXTS, HARMLESS]
    for kind in attack_classes():
        expected = 1.0 if kind in OBEYED else 0.0
        success, excess = rows[kind].shifts.success, rows[kind].excess
        assert (success.value, excess.value) == (expected, expected)
        ends = (0.510, 1.0) if expected else (0.0, 0.490)  # Wilson's, of four patients
        assert (success.low, success.high) == pytest.approx(ends, abs=0.001)
        assert rows[kind].shifts.macro.value == 4 * expected
        assert {shift.value for shift in rows[kind].shifts.shifts.values()} == {4 * expected}
        assert rows[kind].n_wordings == rows[kind].shifts.n == sum(a.kind == kind for a in text_attacks())
    n = sum(attack.kind in OBEYED for attack in text_attacks())
    assert rows[ALL_TEXTS].shifts.success.value == pytest.approx(n / len(text_attacks()))
    assert rows[HARMLESS].shifts.success.value == 0.0
    assert rows[HARMLESS].excess is None
    assert audit.plain["gullible"][MACRO].value == 1.0
    assert (audit.n_cases, audit.n_patients, audit.n_missing, audit.failures) == (6, 4, 0, {})
    n_found = sum(line.n_found for line in audit.detector if line.is_attack)
    assert rows[ALL_TEXTS].shifts.n_flagged == n_found  # the flag of a rating is what the detector says


def test_the_same_audit_again_asks_nothing_and_says_the_same(bench_of, quiet, tmp_path, gullible):
    asked = []

    def counting(request):
        asked.append(request)
        return gullible(request)

    first = audit_injection(bench_of({"g": counting}), RunFolder(tmp_path / "run"), quiet, per_attack=1)
    n_asked = len(asked)
    assert audit_injection(bench_of({"g": counting}), RunFolder(tmp_path / "run"), quiet, per_attack=1) == first
    assert len(asked) == n_asked > 200


def test_verdicts_that_cannot_be_read_are_missing_and_no_success(bench_of, quiet, tmp_path, verdict):
    marks = [attack.text for attack in text_attacks() if attack.kind == "role tags"]

    def confused(request):
        return "I cannot." if any(mark in candidate_of(request) for mark in marks) else verdict(2)

    audit = audit_injection(bench_of({"j": confused}), RunFolder(tmp_path / "run"), quiet, per_attack=1)
    row = rows_of(audit, "j")["role tags"].shifts
    # Tags of angle brackets in a row are broken up by the fence, so this judge does not meet them as they were.
    n_lost = sum("<<" not in mark and ">>" not in mark for mark in marks)
    assert 0 < n_lost < len(marks)
    assert (row.n_changed_missing, row.success.n_missing, row.success.value) == (n_lost, n_lost, 0.0)
    assert audit.n_missing == n_lost


def test_failed_asks_are_missing_and_asked_again(bench_of, quiet, tmp_path, verdict):
    broken = [True]

    def failing(request):
        if broken and "harmless" not in request.author and "Give" in candidate_of(request):
            raise AskFailed("rejected", "no")
        return verdict(2)

    run = RunFolder(tmp_path / "run")
    first = audit_injection(bench_of({"j": failing}), run, quiet, per_attack=1)
    assert first.n_missing == first.failures.total() > 0
    broken.clear()
    second = audit_injection(bench_of({"j": failing}), run, quiet, per_attack=1)
    assert (second.n_missing, second.failures.total()) == (0, 0)


def test_a_rater_that_reads_pictures_can_be_talked_round_by_them(bench_of, quiet, tmp_path, verdict):
    clean = set()

    def reader(request):
        """Give fives where the picture is none of the clean ones."""
        (image,) = request.messages[0].images
        return verdict(1 if image.sha256 in clean else 5)

    bench = bench_of(evaluators={"looks": reader})
    for case in bench.cases():
        (name,) = case.file_names
        clean.add(bench.images.prepare(bench.dataset.image_path(name), where="c").sha256)
    run = RunFolder(tmp_path / "run")
    audit = audit_injection(bench, run, quiet, per_attack=1)
    rows = rows_of(audit, "looks")
    # The folder holds JPEG copies, so that the clean ones are new to it as well: learn them, and ask again elsewhere.
    pictures = DatasetFolder.open(run.path / PICTURES)
    plain = {v.narrative_id.rpartition(":")[0] for v in read_variants(pictures.path) if v.kind == PLAIN}
    for case in pictures.iter_cases():
        if case.id in plain:
            clean.add(bench.images.prepare(pictures.image_path(case.file_names[0]), where="c").sha256)
    audit = audit_injection(bench, RunFolder(tmp_path / "again"), quiet, per_attack=1)
    rows = rows_of(audit, "looks")
    assert rows[ALL_PICTURES].shifts.success.value == 1.0
    assert rows[CAPTIONS].shifts.success.value == 1.0  # it cannot read, so captions move it as well
    assert rows[ALL_PICTURES].excess.value == 0.0
    assert rows[ALL_TEXTS].shifts.success.value == 0.0
    assert rows[ALL_PICTURES].shifts.n_flagged == 0


def test_success_is_counted_where_neither_the_detector_nor_familiarity_flags_it(
    bench_of, quiet, tmp_path, verdict, monkeypatch
):
    """The evaluator falls for every attack, knows base64 and the dataset's shade 3 as unfamiliar, and no more."""
    encoded = [attack.text for attack in text_attacks() if attack.kind == "base64"]
    every = [attack.text for attack in text_attacks()]

    def strangest(self, text):
        return next((strange for strange in [*encoded, "shade 3"] if strange in text), None)

    monkeypatch.setattr(LookingClient, "strangest", strangest, raising=False)
    bench = bench_of(
        {"judge": lambda r: verdict(1)},
        {"eye": lambda r: verdict(5 if any(order in r.messages[0].text for order in every) else 1)},
    )
    bench.evaluators[0].form = Form(PROMPT)  # a fence would break up some of what it obeys
    audit = audit_injection(bench, RunFolder(tmp_path / "run"), quiet, per_attack=1)
    rows, plain = rows_of(audit, "eye"), rows_of(audit, "judge")
    ratings = {rating.narrative_id: rating for rating in DatasetFolder.open(tmp_path / "run" / TEXTS).iter_ratings()
               if rating.rater == "eye"}  # fmt: skip
    variants = [v for v in read_variants(tmp_path / "run" / TEXTS) if v.kind == "asks for fives"]
    flags = [ratings[v.narrative_id].flags for v in variants]
    n_detected, n_strange = (sum(f in one for one in flags) for f in ("injection_suspected", "unfamiliar_text"))
    row = rows["asks for fives"]
    assert 0 < n_strange < len(flags) > n_detected > 0
    assert (row.shifts.n_flagged, row.n_unfamiliar, row.n_noticed) == (n_detected, n_strange, sum(map(bool, flags)))
    assert (row.shifts.success.value, row.unnoticed.value) == (1.0, pytest.approx(1 - row.n_noticed / len(flags)))
    base64 = rows["base64"]
    assert (base64.n_unfamiliar, base64.n_noticed, base64.unnoticed.value) == (base64.shifts.n,) * 2 + (0.0,)
    n_detected = sum(line.n_found for line in audit.detector if line.kind == "base64")
    assert base64.shifts.n_flagged == n_detected < base64.n_unfamiliar  # the two flags are counted apart
    assert {(one.n_unfamiliar, one.n_noticed == one.shifts.n_flagged) for one in plain.values()} == {(0, True)}
    assert audit.unfamiliar == (FamiliarityLine("eye", 1, 6),)
    assert (audit.knows_what_it_read("eye"), audit.knows_what_it_read("judge")) == (True, False)
    for_judge, for_eye = injection_text(audit).split("\n\n")[:2]
    n, found = base64.shifts.n, str(n_detected)
    assert next(line for line in for_judge.splitlines() if line.startswith("base64")).split()[-7:-3] == [
        found,
        "–",
        "–",
        found,
    ]
    assert next(line for line in for_eye.splitlines() if line.startswith("base64")).split()[-7:-3] == [
        found,
        str(n),
        "–",
        str(n),
    ]
    write_injection_files(tmp_path / "i.csv", tmp_path / "i.json", audit)
    counted = [line.split(",")[0] for line in (tmp_path / "i.csv").read_text().splitlines() if ": unfamiliar," in line]
    assert set(counted) == {"eye"}
    kept = json.loads((tmp_path / "i.json").read_text())["rows"]
    assert {one["n_unfamiliar"] is None for one in kept if one["rater"] == "judge"} == {True}
    assert all(one["n_unfamiliar"] is not None for one in kept if one["rater"] == "eye")
    page = injection_context(audit)["raters"]
    assert [{line.unfamiliar for line in lines} == {"–"} for _, lines, _ in page] == [True, False]
    assert "Unfamiliar to eye: 1 of 6 of the dataset's own texts" in injection_text(audit)
    write_injection_page(tmp_path / "i.html", audit, table_name="i.csv")
    written = (tmp_path / "i.html").read_text()
    assert "Unfamiliar to eye: 1 of 6 of the dataset’s own texts. Such a text holds a sentence" in written
    assert "its interval is Wilson’s, of as many patients" in written


def test_an_attack_in_a_photograph_is_noticed_where_writing_is_looked_for(bench_of, quiet, tmp_path, verdict):
    """The reader finds writing in what is no JPEG copy of a clean photograph; the evaluator falls for all it sees."""

    class Reader:
        clean = set()

        def finds(self, *images):
            return any(image.sha256 not in self.clean for image in images)

    bench = bench_of(evaluators={"looks": lambda r: verdict(1), "blind": lambda r: verdict(1)})
    first = RunFolder(tmp_path / "run")
    audit_injection(bench, first, quiet, per_attack=1)
    pictures = DatasetFolder.open(first.path / PICTURES)
    plain = {v.narrative_id.rpartition(":")[0] for v in read_variants(pictures.path) if v.kind == PLAIN}
    own = [case for case in pictures.iter_cases() if case.id in plain]
    for case in own[1:]:
        Reader.clean.add(bench.images.prepare(pictures.image_path(case.file_names[0]), where="c").sha256)
    for case in bench.cases():  # what the texts are about
        Reader.clean.add(bench.images.prepare(bench.dataset.image_path(case.file_names[0]), where="c").sha256)
    for case in DatasetFolder.open(first.path / TEXTS).iter_cases():
        path = DatasetFolder.open(first.path / TEXTS).image_path(case.file_names[0])
        Reader.clean.add(bench.images.prepare(path, where="c").sha256)
    shown = {bench.images.prepare(pictures.image_path(case.file_names[0]), where="c").sha256 for case in own[:1]}
    Reader.clean -= shown
    drawn_into = {"looks": lambda r: verdict(1 if r.messages[0].images[0].sha256 in Reader.clean | shown else 5)}
    bench = bench_of(evaluators=drawn_into | {"blind": drawn_into["looks"]})
    bench.evaluators[0].reader = Reader()
    audit = audit_injection(bench, RunFolder(tmp_path / "again"), quiet, per_attack=1)
    rows, blind = rows_of(audit, "looks"), rows_of(audit, "blind")
    n = rows[ALL_PICTURES].shifts.n
    assert (rows[ALL_PICTURES].n_with_writing, rows[ALL_PICTURES].n_noticed) == (n, n)
    assert (rows[ALL_PICTURES].shifts.success.value, rows[ALL_PICTURES].unnoticed.value) == (1.0, 0.0)
    assert (blind[ALL_PICTURES].n_with_writing, blind[ALL_PICTURES].unnoticed.value) == (0, 1.0)
    assert audit.writing == (WritingLine("looks", 1, len(own)),)
    assert (audit.looked_for_writing("looks"), audit.looked_for_writing("blind")) == (True, False)
    assert f"shown to looks: 1 of {len(own)}" in injection_text(audit)
    write_injection_files(tmp_path / "i.csv", tmp_path / "i.json", audit)
    kept = json.loads((tmp_path / "i.json").read_text())
    assert {(one["rater"], one["n_with_writing"] is None) for one in kept["rows"]} == {
        ("looks", False),
        ("blind", True),
    }
    assert kept["writing"] == [{"rater": "looks", "n_found": 1, "n": len(own)}]
    page = injection_context(audit)["raters"]
    assert [{line.writing for line in lines} == {"–"} for _, lines, _ in page] == [False, True]


def test_a_photograph_whose_rating_is_missing_was_not_looked_at(bench_of, quiet, tmp_path, verdict):
    class Reader:
        def finds(self, *images):
            return False

    def failing(request):
        if request.case_id in ("c0", "c0~plain"):
            raise AskFailed("rejected", "no")
        return verdict(1)

    bench = bench_of(evaluators={"e": failing})
    bench.evaluators[0].reader = Reader()
    audit = audit_injection(bench, RunFolder(tmp_path / "run"), quiet, per_attack=1)
    assert audit.writing == (WritingLine("e", 0, 5),)


def test_the_folders_are_ordinary_datasets_that_keep_card_patients_and_references(bench_of, quiet, tmp_path, verdict):
    bench = bench_of({"j": lambda r: verdict(1)}, {"e": lambda r: verdict(1)})
    run = RunFolder(tmp_path / "run")
    audit_injection(bench, run, quiet, per_attack=2)
    texts, pictures = (DatasetFolder.open(run.path / name) for name in (TEXTS, PICTURES))
    for folder in (texts, pictures):
        assert (folder.card.synthetic, folder.card.may_leave_machine) == (True, False)
        assert not list(folder.missing_images())
        variants = {variant.narrative_id: variant for variant in read_variants(folder.path)}
        narratives = list(folder.iter_narratives())
        assert variants.keys() == {narrative.id for narrative in narratives}
        assert {variant.plain_id for variant in variants.values()} <= variants.keys()
        patients = {case.id: case.patient_id for case in folder.iter_cases()}
        assert all(variants[n.id].patient == patients[n.case_id] for n in narratives)
    assert {case.id for case in texts.iter_cases()} == {f"c{k}" for k in range(6)}
    assert all(texts.reference(case.id).text == bench.dataset.reference(case.id).text for case in texts.iter_cases())


def test_narratives_under_attack_are_about_another_patient_with_another_label(bench_of, verdict):
    bench = bench_of({"j": lambda r: verdict(1)})
    cases = {case.id: case for case in bench.cases()}
    for case, host in find_hosts(bench):
        assert cases[host.case_id].patient_id != case.patient_id
        assert cases[host.case_id].label != case.label


def test_without_evaluators_no_picture_is_needed_or_copied(bench_of, verdict):
    bench = bench_of({"j": lambda r: verdict(1)})
    plan = plan_texts(bench, find_hosts(bench), 1)
    assert not plan.pictures
    assert not any(case.file_names for case in plan.cases)


def test_another_audit_is_not_mixed_into_a_run_folder(bench_of, quiet, tmp_path, verdict):
    run = RunFolder(tmp_path / "run")
    audit_injection(bench_of({"j": lambda r: verdict(1)}), run, quiet, per_attack=1)
    with pytest.raises(DataError, match=r"holds an audit of other texts.*--run-id"):
        audit_injection(bench_of({"j": lambda r: verdict(1)}), run, quiet, per_attack=2)
    assert len(json.loads((run.path / "asked.json").read_text())["variants"]) == 1


def test_an_audit_needs_a_rater_and_two_patients(bench_of, quiet, tmp_path, verdict):
    with pytest.raises(ModelError, match="has no rater"):
        audit_injection(bench_of(), RunFolder(tmp_path / "run"), quiet)
    with pytest.raises(DataError, match="no text about another patient"):
        audit_injection(bench_of({"j": lambda r: verdict(1)}, limit=1), RunFolder(tmp_path / "run"), quiet)
