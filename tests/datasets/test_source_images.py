from dermatrust.datasets.source_images import images_under, of_cases
from dermatrust.records import Case


def test_an_image_goes_by_every_ending_of_its_path_in_any_case(unpack):
    root = unpack({}, ["release/images/NEL/Nel001.JPG", "release/images/AAL/Aal001.png"])
    found = images_under(root)
    assert found["nel001.jpg"] == found["nel/nel001.jpg"] == root / "release/images/NEL/Nel001.JPG"
    assert "release/images/aal/aal001.png" in found


def test_of_two_of_one_name_the_first_has_it_and_the_folder_tells_them_apart(unpack):
    root = unpack({}, ["b/1.jpg", "a/1.jpg"])
    found = images_under(root)
    assert found["1.jpg"] == root / "a/1.jpg"
    assert found["b/1.jpg"] == root / "b/1.jpg"


def test_only_images_are_found_and_only_those_that_cases_name(unpack):
    root = unpack({}, ["a.jpg", "b.jpg"])
    (root / "notes.txt").write_text("no image")
    found = images_under(root)
    assert sorted(found) == ["a.jpg", "b.jpg"]
    cases = [Case(id="1", file_names=("images/A.JPG", "images/c.jpg"))]
    assert of_cases(cases, found) == {"images/A.JPG": root / "a.jpg"}
