import base64
import io

import pytest
from PIL import Image

from dermatrust.records import DIMENSIONS, Case, ClinicalContext, Narrative
from dermatrust.report import Candidate, CasePage
from dermatrust.report.case_view import case_facts, case_view
from dermatrust.report.thumbs import LONGEST_SIDE_PX, Unreadable, data_uri


def opened(uri):
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


def encoded(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("size", [(2000, 1000), (1000, 2000), (480, 480)])
def test_an_image_is_shrunk_to_480_pixels(make_sketch, size):
    assert max(opened(data_uri(make_sketch(1, size))).size) == LONGEST_SIDE_PX


def test_a_small_image_is_not_enlarged(tmp_path, make_sketch):
    path = tmp_path / "small.jpg"
    path.write_bytes(make_sketch(1, (120, 90)))
    assert opened(data_uri(path)).size == (120, 90)


def test_metadata_stays_behind_and_the_image_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "Jane Doe"
    content = encoded(Image.new("RGB", (300, 200), "red"), exif=exif)
    shown = opened(data_uri(content))
    assert shown.size == (200, 300)
    assert not shown.getexif()
    assert b"Jane" not in base64.b64decode(data_uri(content).split(",")[1])


def test_transparent_images_stand_on_white():
    shown = opened(data_uri(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")))
    assert shown.getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\xff\xd8\xff\xe0broken"])
def test_an_unreadable_image_is_named_as_such(content):
    with pytest.raises(Unreadable):
        data_uri(content)


def test_a_missing_image_does_not_reveal_its_path(tmp_path):
    view = case_view(CasePage(Case(id="c"), (tmp_path / "gone.jpg",)), 1)
    assert view.images[0].uri == ""
    assert view.images[0].problem == "Image 1 is not shown: the file is missing."


def test_facts_leave_out_what_is_not_recorded_and_who_the_patient_is():
    context = ClinicalContext(age=0, site="scalp", symptoms={"itch": True, "pain": False}, history={"duration": "long"})
    facts = case_facts(Case(id="c", patient_id="P1", fitzpatrick=4, context=context))
    assert dict(facts) == {
        "Age": "0",
        "Site": "scalp",
        "Fitzpatrick skin type": "IV",
        "Symptoms present": "itch",
        "Symptoms absent": "pain",
        "Duration": "long",
    }


def test_a_missing_score_is_shown_with_its_reason_and_raw_text(make_rating):
    rating = make_rating("n", "judge", unscored=(DIMENSIONS[1],), raw="I decline.")
    view = case_view(CasePage(Case(id="c"), candidates=(Candidate("m", "A plaque.", ratings=(rating,)),)), 1)
    shown = view.candidates[0].ratings[0]
    assert shown.cells[1].text == "missing: unreadable"
    assert shown.cells[1].is_missing
    assert [cell.is_missing for cell in shown.cells].count(True) == 1
    assert shown.raw == "I decline."
    assert view.n_missing == 1


def test_repeated_draws_are_told_apart(make_rating):
    ratings = tuple(make_rating("n", "judge", draw=draw) for draw in range(2))
    view = case_view(CasePage(Case(id="c"), candidates=(Candidate("m", "A plaque.", ratings=ratings),)), 1)
    assert [rating.rater for rating in view.candidates[0].ratings] == ["judge, draw 1", "judge, draw 2"]


@pytest.mark.parametrize(
    ("candidate", "marks", "note"),
    [
        (Candidate("m", "I can't help.", refused=True), ("refused",), ""),
        (Candidate("m", " ", empty=True), ("empty",), "answered without text"),
        (Candidate("m", ""), (), "could not be asked"),
    ],
)
def test_refused_empty_and_unasked_are_told_apart(candidate, marks, note):
    (shown,) = case_view(CasePage(Case(id="c"), candidates=(candidate,)), 1).candidates
    assert shown.marks == marks
    assert note in shown.note
    assert bool(note) == bool(shown.note)


def test_the_lowest_score_says_where_it_is(make_rating):
    poor = Candidate("poor", "x", ratings=(make_rating("n", "j", base=1),))
    good = Candidate("good", "x", ratings=(make_rating("n", "j", base=4),))
    assert case_view(CasePage(Case(id="c"), candidates=(good, poor)), 1).lowest == "1 · Accuracy · poor"


@pytest.mark.parametrize(
    ("stream", "expected"),
    [("reference", "Draft reference, not certified"), ("label", "Label facts, not written by an expert")],
)
def test_a_reference_that_nobody_certified_says_so(stream, expected):
    reference = Narrative(id="r", case_id="c", text="x", author="a", stream=stream)
    assert case_view(CasePage(Case(id="c"), reference=reference), 1).reference_kind == expected


def test_a_certified_reference_names_its_certifier(make_page):
    view = case_view(make_page(0, ["m"], ["r"]), 1)
    assert (view.reference_kind, view.reference_note) == (
        "Certified reference",
        "Certified by Dr Example; source: drawn with the case",
    )
