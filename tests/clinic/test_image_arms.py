import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.clients import Image
from dermatrust.clinic import Answer
from dermatrust.clinic.image_arms import NO_IMAGES, ImageArm, parse_image_arms
from dermatrust.clinic.vote import vote
from dermatrust.errors import DataError
from dermatrust.store.contact_sheet import contact_sheet
from dermatrust.store.images import ImageCache

FILES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")


def answer(*diagnoses, **rest):
    return Answer("c", "m", "image only", "one by one", text="t", diagnoses=diagnoses, **rest)


def test_what_each_image_arm_shows():
    assert ImageArm("all").shown(FILES, "c", 0) == (FILES,)
    assert ImageArm("grid").shown(FILES, "c", 0) == (FILES,)
    assert ImageArm("first", 9).shown(FILES, "c", 0) == (FILES,)
    assert NO_IMAGES.shown(FILES, "c", 0) == ((),)
    assert ImageArm("one by one").shown((), "c", 0) == ((),)
    orders = {ImageArm("shuffled").shown(FILES, f"c{k}", 0)[0] for k in range(200)}
    assert len(orders) == 24
    assert {frozenset(order) for order in orders} == {frozenset(FILES)}


def test_names_of_the_command_line():
    assert parse_image_arms(["all,first:3,one-by-one", "grid", "shuffled", "all"]) == (
        ImageArm("all"), ImageArm("first", 3), ImageArm("one by one"), ImageArm("grid"), ImageArm("shuffled"),
    )  # fmt: skip
    for name in ("first", "first:0", "first:-1", "first:x", "none", ""):
        with pytest.raises(DataError, match=r"there is no image arm .*; expected one of all, first:K"):
            parse_image_arms([name])


def test_a_vote_sums_inverse_ranks_of_one_disease_under_several_names():
    # BCC 1 + 1/2, psoriasis 1/2 + 1, eczema 1/3: BCC was named first.
    whole = vote([answer("BCC", "psoriasis", "eczema"), answer("plaque-like thing", "basal cell carcinoma")])
    assert whole.diagnoses == ("BCC", "plaque-like thing", "psoriasis", "eczema")
    assert whole.diagnoses[0] == "BCC"


def test_a_vote_resolves_names_as_scoring_does():
    whole = vote([answer("tinea corporis", "early nodular BCC on the nose"), answer("Basal cell carcinoma, nodular")])
    assert whole.diagnoses == ("early nodular BCC on the nose", "tinea corporis")  # 1/2 + 1 against 1


def test_names_that_the_lexicon_does_not_know_are_one_only_where_their_words_are():
    assert vote([answer("??", "!!"), answer("quuxosis")]).diagnoses == ("??", "quuxosis", "!!")
    assert len(vote([answer("Foobaritis"), answer("the foobaritis (chronic)")]).diagnoses) == 1


def test_an_answer_has_one_say_about_a_disease_it_names_twice():
    whole = vote([answer("BCC", "basal cell carcinoma", "melanoma"), answer("melanoma")])
    assert whole.diagnoses == ("melanoma", "BCC")  # 1 + 1/3 against 1; with 1/2 more it would be the other way


def test_the_more_pressing_level_wins_ties():
    assert vote([answer(urgency="routine"), answer(urgency="urgent")]).urgency == "urgent"
    assert vote([answer(urgency="routine"), answer(urgency="emergent")]).urgency == "emergent"
    assert vote([answer(urgency="routine"), answer(urgency="routine"), answer(urgency="emergent")]).urgency == "routine"
    assert vote([answer(), answer()]).urgency is None


def test_who_cannot_tell_votes_for_nothing():
    one = vote([answer("BCC", cannot_tell=True, confidence=0.1), answer("psoriasis", confidence=0.5)])
    assert (one.diagnoses, one.confidence, one.cannot_tell) == (("psoriasis",), 0.5, False)
    none = vote([answer("BCC", cannot_tell=True), answer(cannot_tell=True)])
    assert (none.diagnoses, none.cannot_tell) == ((), True)


def test_a_failed_ask_makes_the_whole_answer_missing():
    whole = vote([answer("BCC"), answer(failure="timeout: no reply")])
    assert (whole.failure, whole.diagnoses) == ("timeout: no reply", ())


@given(st.lists(st.lists(st.sampled_from(("BCC", "eczema", "tinea", "x")), max_size=4), min_size=1, max_size=5))
def test_a_vote_names_what_was_named_each_once(lists):
    whole = vote([answer(*names) for names in lists])
    assert len(set(whole.diagnoses)) == len(whole.diagnoses)
    assert set(whole.diagnoses) == {name for names in lists for name in names}
    assert vote([answer(*lists[0])]).diagnoses == tuple(dict.fromkeys(lists[0]))


@pytest.fixture
def photographs(tmp_path):
    cache = ImageCache(tmp_path / "cache", side_px=128)
    found = []
    for number, colour in enumerate([(200, 0, 0), (0, 200, 0), (0, 0, 200)]):
        path = tmp_path / f"{number}.png"
        PIL.Image.new("RGB", (300, 200), colour).save(path)
        found.append(cache.prepare(path, where=path.name))
    return found


def test_a_contact_sheet_shows_every_photograph_in_its_place(tmp_path, photographs):
    sheet = contact_sheet(photographs, tmp_path / "sheets", side_px=208)
    with PIL.Image.open(sheet.path) as picture:
        assert picture.size == (208, 208)
        seen = [picture.getpixel(place) for place in ((50, 50), (158, 50), (50, 158))]
        assert [max(range(3), key=pixel.__getitem__) for pixel in seen] == [0, 1, 2]
        assert min(picture.getpixel((158, 158))) > 250
        assert min(picture.getpixel((104, 50))) > 240


def test_a_contact_sheet_is_made_once_and_follows_from_its_photographs(tmp_path, photographs):
    first = contact_sheet(photographs, tmp_path / "sheets", side_px=208)
    stamp = first.path.stat().st_mtime_ns
    assert contact_sheet(photographs, tmp_path / "sheets", side_px=208) == first
    assert first.path.stat().st_mtime_ns == stamp
    assert contact_sheet(photographs[::-1], tmp_path / "sheets", side_px=208).sha256 != first.sha256
    assert contact_sheet(photographs[:1], tmp_path / "sheets", side_px=208) == photographs[0]
    first.path.write_bytes(first.path.read_bytes()[:50])
    assert contact_sheet(photographs, tmp_path / "sheets", side_px=208) == first
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([], tmp_path, side_px=208)
    assert isinstance(first, Image)
