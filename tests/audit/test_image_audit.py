"""The image audit with raters that look, and raters that do not."""

import numpy as np
import pytest
from PIL import Image

from dermatrust.audit.image import BLANK, PICTURES, SWAPPED, audit_images
from dermatrust.audit.variants import read_variants
from dermatrust.bench.results import MACRO
from dermatrust.clients.scripted import ScriptedClient
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.evaluator.form import Form
from dermatrust.records import Dimension
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.run import RunFolder

CONDITIONS = [BLANK, SWAPPED, "blur 3", "noise 3", "low light 3", "colour cast 3", "jpeg 3", "crop 3", "occlusion 3"]


@pytest.fixture
def looking(verdict):
    """Return a rater that compares the shade of red with the number the text gives."""

    def script(request):
        (image,) = request.messages[0].images
        with Image.open(image.path) as picture:
            red = float(np.asarray(picture)[..., 0].mean())
        shade = int(request.messages[0].text.partition("shade ")[2][0])
        off = abs(red - (190 + 8 * shade))
        return verdict(5 if off < 3 else 3 if off < 45 else 1)

    return script


def falls(audit, rater):
    return {row.condition: row.shifts for row in audit.rows if row.rater == rater}


def test_a_rater_that_looks_falls_and_one_that_does_not_is_told(bench_of, quiet, tmp_path, looking, verdict):
    bench = bench_of(evaluators={"looks": looking, "blind": lambda request: verdict(4)})
    audit = audit_images(bench, RunFolder(tmp_path / "run"), quiet)
    found = falls(audit, "looks")
    assert list(found) == CONDITIONS
    assert (audit.is_looking("looks"), audit.is_looking("blind")) == (True, False)
    assert audit.true["looks"][MACRO].value == 5.0
    assert found[BLANK].macro.high < 0
    assert found[SWAPPED].shifts[Dimension.ACCURACY].value == -2.0  # every shade is 8 to 40 off
    assert found["low light 3"].macro.value == -4.0
    assert found["blur 3"].macro.value == 0.0  # one plain colour stays what it is
    assert {shifts.macro.value for shifts in falls(audit, "blind").values()} == {0.0}
    assert (audit.texts, audit.n_narratives, audit.n_patients, audit.n_missing) == ("references", 6, 4, 0)


def test_what_was_rated_is_a_dataset_with_the_pictures_named(bench_of, quiet, tmp_path, looking):
    bench = bench_of(evaluators={"looks": looking})
    run = RunFolder(tmp_path / "run")
    audit = audit_images(bench, run, quiet, severities=(1, 3))
    assert len(falls(audit, "looks")) == 2 + 2 * 7
    folder = DatasetFolder.open(run.path / PICTURES)
    cases = {case.id: case for case in folder.iter_cases()}
    kinds = {variant.narrative_id: variant.kind for variant in read_variants(folder.path)}
    for narrative in folder.iter_narratives():
        case = cases[narrative.case_id]
        assert case.id.endswith(f"~{kinds[narrative.id]}")
        with Image.open(folder.image_path(case.file_names[0])) as picture:
            red, green, _ = np.asarray(picture).reshape(-1, 3).mean(axis=0)
        if kinds[narrative.id] == BLANK:
            assert (round(red), round(green)) == (128, 128)
        if kinds[narrative.id] == SWAPPED:
            assert abs(red - (190 + 8 * int(case.id[1]))) > 5
    assert folder.card.synthetic


def test_a_rating_that_is_missing_is_counted(bench_of, quiet, tmp_path, verdict, looking):
    def silent_when_dark(request):
        said = looking(request)
        return "nothing" if '"score": 1}' in said else said

    audit = audit_images(bench_of(evaluators={"e": silent_when_dark}), RunFolder(tmp_path / "run"), quiet)
    found = falls(audit, "e")["low light 3"]
    assert (found.n, found.n_missing, found.n_changed_missing) == (6, 6, 6)
    assert np.isnan(found.macro.value)
    assert audit.n_missing >= 6


def test_a_blind_spot_for_blank_pictures_alone_is_not_looking(bench_of, quiet, tmp_path, verdict, looking):
    def only_blank(request):
        return verdict(1 if '"score": 1}' in looking(request) else 5)

    audit = audit_images(bench_of(evaluators={"e": only_blank}), RunFolder(tmp_path / "run"), quiet)
    assert falls(audit, "e")[BLANK].macro.value < 0
    assert audit.is_looking("e") is False


def test_one_patient_is_too_little_to_say(bench_of, quiet, tmp_path, looking):
    with pytest.raises(DataError, match="no text about another patient"):
        audit_images(bench_of(evaluators={"e": looking}, limit=1), RunFolder(tmp_path / "run"), quiet)


def test_raters_that_see_no_image_are_refused(bench_of, quiet, tmp_path, verdict):
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ModelError, match="j: is a judge: it reads a reference and looks at no photograph"):
        audit_images(bench_of({"j": lambda r: verdict(1)}), run, quiet)
    with pytest.raises(ModelError, match="has no rater"):
        audit_images(bench_of(), run, quiet)
    bench = bench_of()
    texts_only = ScriptedClient("t", lambda r: verdict(1))
    blind = Evaluator(texts_only, Form("{narrative}"), prompt="p@1:0", rubric="r@1:0")
    object.__setattr__(bench, "evaluators", [blind])
    with pytest.raises(ModelError, match="t: looks at no photograph"):
        audit_images(bench, run, quiet)
