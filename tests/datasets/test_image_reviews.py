"""T22: what may identify a patient on a photograph is flagged, and nothing leaves before somebody has looked."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from dermatrust.cli.data import data
from dermatrust.datasets import faces, image_reviews
from dermatrust.datasets.check import check_dataset
from dermatrust.datasets.lettering import lettering
from dermatrust.engine.privacy import check_names_may_leave
from dermatrust.errors import DataError, ModelError
from dermatrust.records import Case, DatasetCard
from dermatrust.store.folder import DatasetFolder, write_dataset

NOW = datetime(2026, 11, 28, tzinfo=UTC)
DATED, PLAIN = "images/dated.png", "images/plain.png"
AWAY = "openai/gpt-5"


def stamped(text="12/03/2019", *, size=(640, 480), fill="white", ground=(190, 140, 120), height=24):
    picture = Image.new("RGB", size, ground)
    font = ImageFont.load_default(height)
    ImageDraw.Draw(picture).text((20, size[1] - 2 * height), text, fill=fill, font=font)
    return picture


@pytest.fixture
def folder(tmp_path):
    """A dataset of which one photograph carries a date."""

    def made(**card):
        stamped().save(tmp_path / "dated.png")
        stamped("").save(tmp_path / "plain.png")
        fields = {"name": "d", "version": "1", "source": "test", "licence": "CC0-1.0", "consent": "none"}
        cases = [Case(id=name, label="melanoma", file_names=(name,)) for name in (DATED, PLAIN)]
        images = [(DATED, tmp_path / "dated.png"), (PLAIN, tmp_path / "plain.png")]
        write_dataset(tmp_path / "d", DatasetCard(**fields | {"may_leave_machine": True} | card), cases, (), images)
        return DatasetFolder.open(tmp_path / "d")

    return made


def test_a_date_is_found_where_it_is():
    boxes, scale = lettering(stamped()), 800 / 640
    assert boxes
    assert all(432 * scale < box.top < box.bottom < 462 * scale for box in boxes)


@pytest.mark.parametrize("fill", ["white", "black", (250, 150, 30), (255, 230, 0), (20, 200, 60)], ids=str)
@pytest.mark.parametrize("size", [(240, 240), (640, 480), (3000, 2000)], ids=str)
def test_lettering_of_every_colour_and_size_is_found(fill, size):
    assert lettering(stamped(fill=fill, size=size, height=max(12, size[0] // 30)))


@pytest.mark.parametrize(
    "draw",
    [
        lambda pen: [pen.line((x, 20, x + 90, 400), fill="black", width=2) for x in range(30, 600, 40)],  # hairs
        lambda pen: pen.ellipse((200, 150, 400, 320), fill=(90, 50, 40)),
        lambda pen: [pen.line((x, 460, x, 475), fill="black", width=2) for x in range(0, 640, 12)],  # a ruler
        lambda pen: pen.text((20, 400), "7 A", fill="white", font=ImageFont.load_default(24)),  # too few to be a name
    ],
    ids=["hairs", "a lesion", "a ruler", "two characters"],
)
def test_what_is_no_lettering_is_not_found(draw):
    picture = stamped("")
    draw(ImageDraw.Draw(picture))
    assert lettering(picture) == []


@settings(max_examples=25, deadline=None)
@given(width=st.integers(1, 90), height=st.integers(1, 90), seed=st.randoms(use_true_random=False))
def test_any_picture_gives_boxes_inside_it(width, height, seed):
    picture = Image.frombytes("RGB", (width, height), seed.randbytes(3 * width * height))
    for box in lettering(picture):
        assert 0 <= box.left < box.right <= 800
        assert 0 <= box.top < box.bottom <= 800


def test_without_the_extra_faces_are_not_looked_for(monkeypatch):
    monkeypatch.setattr(image_reviews, "can_find_faces", lambda: False)
    assert image_reviews.flags_of(stamped()) == ("lettering",)


@pytest.mark.skipif(not faces.can_find_faces(), reason="needs the extra faces")
def test_a_picture_of_nothing_has_no_face():
    assert not faces.has_face(stamped(""))


def test_a_check_names_the_photograph_until_somebody_clears_it(folder):
    dataset = folder()
    (found,) = [one for one in check_dataset(dataset.path).findings if one.kind == "image to be looked at"]
    assert (found.severity, found.where) == ("warning", DATED)
    assert "a date, a name or a number, and nobody has looked" in found.what
    image_reviews.sign_off(dataset, [DATED], "cleared", "Ann", NOW)
    assert "image to be looked at" not in {one.kind for one in check_dataset(dataset.path).findings}


def test_a_sign_off_is_of_the_file_as_it_was(folder):
    dataset = folder()
    image_reviews.note_images(dataset)
    image_reviews.sign_off(dataset, [DATED], "cleared", "Ann", NOW)
    stored = dataset.image_reviews()[DATED]
    assert (stored.verdict, stored.found, stored.reviewer) == ("cleared", ("lettering",), "Ann")
    assert stored.reviewed_at == "2026-11-28T00:00:00+00:00"
    stamped("J. Miller 1957").save(dataset.path / DATED)
    assert [one.why for one in image_reviews.open_images(dataset)] == ["has changed since it was looked at"]
    assert [one.file_name for one in image_reviews.note_images(dataset)] == [DATED]


def test_nothing_leaves_before_somebody_has_looked(folder):
    dataset = folder(identifiers_reviewed=True)
    image_reviews.note_images(dataset)
    with pytest.raises(ModelError, match=r"dated\.png may show a date, a name or a number, and nobody has looked"):
        check_names_may_leave(dataset, [AWAY])
    image_reviews.sign_off(dataset, [DATED], "withheld", "Ann", NOW)
    with pytest.raises(ModelError, match="was withheld by Ann"):
        check_names_may_leave(dataset, [AWAY])
    check_names_may_leave(dataset, ["nano/evaluator"])
    image_reviews.sign_off(dataset, [DATED], "cleared", "Ann", NOW)
    check_names_may_leave(dataset, [AWAY])


def test_drawn_patients_are_nobody(folder):
    assert image_reviews.note_images(folder(synthetic=True)) == []


def test_an_image_of_no_case_cannot_be_signed_off(folder):
    with pytest.raises(DataError, match="no image of a case"):
        image_reviews.sign_off(folder(), ["images/other.png"], "cleared", "Ann", NOW)


class TestCommand:
    def run(self, *words):
        return CliRunner().invoke(data, [str(word) for word in words])

    def test_lists_signs_off_and_is_content(self, folder):
        path = folder().path
        first = self.run("look", path)
        assert (first.exit_code, first.stdout.split("\t")[0]) == (1, DATED)
        second = self.run("look", path, "--clear", DATED, "--by", "Ann")
        assert (second.exit_code, second.stdout) == (0, "")
        assert self.run("look", path).exit_code == 0

    @pytest.mark.parametrize(
        ("words", "said"),
        [(("--clear", DATED), "--by"), (("--clear", DATED, "--withhold", DATED, "--by", "Ann"), "in one command")],
    )
    def test_slips_are_one_line(self, folder, words, said):
        assert said in str(self.run("look", folder().path, *words).exception)

    def test_an_import_says_what_has_to_be_looked_at(self, tmp_path):
        (tmp_path / "files" / "melanoma").mkdir(parents=True)
        stamped().save(tmp_path / "files" / "melanoma" / "one.png")
        done = self.run("import", "files", tmp_path / "files", tmp_path / "out", "--name", "mine")
        assert done.exit_code == 0, done.exception
        assert "1 photograph may show a face, a date or a name" in done.stderr
        (review,) = DatasetFolder.open(tmp_path / "out").image_reviews().values()
        assert (review.verdict, review.found) == ("to be looked at", ("lettering",))
