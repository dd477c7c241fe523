import json

import pytest

from dermatrust.datasets.own_files import read_own_files
from dermatrust.datasets.own_tables import COLUMNS
from dermatrust.errors import DataError

HEADER = "id,images,label,patient_id,reference,age,sex,site,fitzpatrick,category,urgency,note,certified_by\n"
ROW = 'c1,a.jpg;sub/b.webp,melanoma,p1,"A plaque,\nwith a border.",61,f,back,III,tumours,emergent,Grew fast.,Dr X\n'


def keep(path, **options):
    return read_own_files(path, missing_images="keep", **options)


def read_one(path):
    (case,) = read_own_files(path, missing_images="keep").cases
    return case


def test_a_csv_row_becomes_a_case_with_its_reference(table):
    imported = keep(table(HEADER + ROW))
    (case,), (reference,) = imported.cases, imported.references
    assert (case.id, case.label, case.patient_id, case.category) == ("c1", "melanoma", "p1", "tumours")
    assert (case.fitzpatrick, case.urgency) == (3, "emergent")
    context = case.context
    assert (context.age, context.sex, context.site, context.note) == (61, "f", "back", "Grew fast.")
    assert reference.text == "A plaque,\nwith a border."
    assert (reference.stream, reference.certificate.certified_by) == ("reference", "Dr X")


def test_a_reference_that_nobody_certified_is_a_draft(table):
    (reference,) = keep(table("id,reference\nc1,A plaque.\n")).references
    assert (reference.certificate, reference.author) == (None, "mine.csv")


def test_empty_cells_are_missing_values_and_blank_lines_are_not_rows(table):
    case = read_one(table("id,label,age,fitzpatrick,site\nc1,, ,,\n\n,,,,\n"))
    assert case.to_line() == '{"id":"c1"}'


@pytest.mark.parametrize("word", ["NaN", "None", "n/a", "NA", " unknown ", "NULL", "-"])
def test_a_word_for_nothing_is_a_missing_value_but_an_id_or_a_text_may_be_called_that(table, word):
    case = read_one(table(f"id,label,patient_id,differential,sex,fitzpatrick,note\n{word},{word},{word},{word},{word},"
                          f"{word},{word}\n"))  # fmt: skip
    assert (case.label, case.patient_id, case.differential, case.fitzpatrick) == (None, None, (), None)
    assert (case.id, case.context.sex, case.context.note.strip()) == (word.strip(), None, word.strip())


def test_urgency_is_the_lexicons_unless_the_table_says_otherwise(table):
    cases = keep(table("id,label,urgency\na,melanoma,\nb,melanoma,routine\nc,gobbledygook,\n")).cases
    assert [case.urgency for case in cases] == ["urgent", "routine", None]
    assert [case.urgency_from_lexicon for case in cases] == [True, False, False]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheets_csv_is_read_whatever_separates_its_columns(table, delimiter):
    text = "id,label,site\nc1,é,arm\n".replace(",", delimiter)
    case = read_one(table(text, encoding="utf-8-sig"))
    assert (case.id, case.label, case.context.site) == ("c1", "é", "arm")


def test_jsonl_is_read_like_csv(table):
    rows = [{"id": 1, "images": ["a.jpg", "b.png"], "age": 7, "label": None}, {"id": "c2", "reference": "Two\nlines."}]
    imported = keep(table("\n".join(map(json.dumps, rows)), name="mine.jsonl"))
    assert [(case.id, case.context.age) for case in imported.cases] == [("1", 7), ("c2", None)]
    assert imported.references[0].text == "Two\nlines."


def test_images_are_relative_to_the_table_or_to_a_given_folder(table, tmp_path, picture):
    path = table("id,images\nc1,a.jpg; sub\\b.webp\n")
    for name in ("own/a.jpg", "own/sub/b.webp", "other/a.jpg", "other/sub/b.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        picture(1).save(tmp_path / name)
    here, there = read_own_files(path), read_own_files(path, image_root=tmp_path / "other")
    assert here.cases[0].file_names == ("images/a.jpg", "images/sub/b.webp.png")  # a dataset holds JPEG and PNG
    assert [image for _, image in here.images] == [tmp_path / "own/a.jpg", tmp_path / "own/sub/b.webp"]
    assert [image for _, image in there.images] == [tmp_path / "other/a.jpg", tmp_path / "other/sub/b.webp"]


def test_missing_images_stop_the_import_unless_asked_otherwise(table, picture):
    path = table("id,images\nc1,a.jpg\nc2,b.jpg\nc3,\n")
    picture(1).save(path.parent / "b.jpg")
    with pytest.raises(DataError) as caught:
        read_own_files(path)
    assert str(caught.value).startswith(f"{path}: 1 of 2 images are missing, the first is a.jpg, looked for in ")
    assert f"looked for in {path.parent.resolve()}. Say where they are with --images FOLDER" in str(caught.value)
    assert [case.id for case in read_own_files(path, missing_images="skip").cases] == ["c2", "c3"]


def test_a_missing_image_is_named_as_the_table_names_it(table):
    with pytest.raises(DataError, match=r"1 of 1 image is missing, the first is b.webp, looked for in"):
        read_own_files(table("id,images\nc1,b.webp\n"))


@pytest.mark.parametrize("missing", ["error", "skip", "keep"])
def test_a_folder_of_images_that_is_none_is_named(table, tmp_path, missing):
    path = table("id,images\nc1,a.jpg\n")
    with pytest.raises(DataError, match=r"nowhere: there is no such folder"):
        read_own_files(path, image_root=tmp_path / "nowhere", missing_images=missing)
    with pytest.raises(DataError, match=r"mine.csv: is a file; expected the folder of the images"):
        read_own_files(path, image_root=path, missing_images=missing)


def test_an_unknown_column_is_an_error_that_names_the_known_ones_and_the_nearest(table):
    message = r"no column 'Pateint_id'; expected columns out of id, .*Did you mean 'patient_id'"
    with pytest.raises(DataError, match=message) as e:
        keep(table("id,Pateint_id\nc1,p\n"))
    assert all(column in str(e.value) for column in COLUMNS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label\nx\n", "line 1: has no column 'id'"),
        ("id,label,label\nc,x,y\n", "line 1: has the column 'label' twice"),
        ("id\n", "has no cases"),
        ("", "line 1: has no column 'id'"),
        ("id,label\nc1\n", "line 2: has 1 fields; expected 2, as in the header"),
        ('id,note\nc1,"one\ntwo"\nc2,x,y\n', "line 4: has 3 fields"),
        ("id,label\n,x\n", "line 2: the id is empty"),
        ("id\nc1\nc2\nc1\n", "line 4: 'c1' is already the id of .*line 2"),
        ("id,age\nc1,old\n", r"line 2: age is 'old'; expected a number from 0 to 120\."),
        ("id,age\nc1,-3\n", r"line 2: age is '-3'; expected a number from 0 to 120\."),
        ("id,fitzpatrick\nc1,VII\n", r"line 2: fitzpatrick is 'VII'; expected 1-6 or I-VI\."),
        ("id,urgency\nc1,soon\n", "line 2: urgency is 'soon'; expected one of emergent, urgent, routine"),
        ("id,images\nc1,../a.jpg\n", r"line 2: the image '../a.jpg' is not inside"),
        ("id,images\nc1,/etc/a.jpg\n", "line 2: the image '/etc/a.jpg' is not inside"),
        ("id,images\nc1,C:\\a.jpg\n", "line 2: the image 'C:/a.jpg' is not inside"),
        ("id,images\nc1,.\n", r"line 2: the image '\.' is not inside"),
        ("id,images\nc1,a.jpg;a.jpg\n", "names the same image twice"),
        ("id,image,images\nc1,a.jpg,b.jpg\n", "line 2: has both 'image' and 'images'"),
        ("id,certified_by\nc1,Dr X\n", "line 2: has certified_by but no reference"),
        ("id,reference,certified_on\nc1,x,2024-01-01\n", "line 2: has certified_on but no certified_by"),
        ("id,note\nc1,a\0b\n", "cannot be stored as text"),
        ('id,note\nc1,"never closed\n', "line 2: cannot be read as CSV"),
        pytest.param("id,note\nc1," + "x" * 200_000 + "\n", "line 2: cannot be read as CSV", id="a 200 kB cell"),
    ],
)
def test_a_malformed_csv_is_one_clear_error(table, text, message):
    with pytest.raises(DataError, match=message):
        keep(table(text))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: is not valid JSON"),
        ("[1]", "line 1: is a JSON list; expected an object"),
        ('{"id": true}', "line 1: id is true; expected text or a number"),
        ('{"id": "c", "label": ["x"]}', r"line 1: label is \[\"x\"\]"),
        ('{"id": "c", "lable": "x"}', "Did you mean 'label'"),
        ('{"label": "x"}', "line 1: has no column 'id'"),
        ('{"id": "c", "note": "\\ud800"}', "line 1: .*cannot be stored"),
        ("[" * 100_000, "line 1: is not valid JSON"),
    ],
)
def test_a_malformed_jsonl_is_one_clear_error(table, line, message):
    with pytest.raises(DataError, match=message):
        keep(table(line, name="mine.jsonl"))


def test_a_file_of_another_kind_or_encoding_is_a_clear_error(table, tmp_path):
    with pytest.raises(DataError, match=r"its name ends in '.xlsx'; expected .csv, .tsv or .jsonl"):
        keep(table("", name="mine.xlsx"))
    with pytest.raises(DataError, match="holds the byte 0xe9, which is not UTF-8"):
        keep(table("id,label\nc1,é\n", encoding="latin-1"))
    with pytest.raises(DataError, match="there is no such file or folder"):
        keep(tmp_path / "nowhere.csv")


def test_the_card_is_private_unless_said_otherwise(table):
    path = table("id\nc1\n")
    card = keep(path).card
    assert (card.name, card.licence, card.may_leave_machine) == ("mine", "private", False)
    (path.parent / "card.yaml").write_text(
        "name: ours\nversion: 2\nsource: clinic\nlicence: research-only\nconsent: written\n"
    )
    card = keep(path, card={"licence": "CC-BY-4.0", "may_leave_machine": True}).card
    assert (card.name, card.version, card.licence, card.may_leave_machine) == ("ours", "2", "CC-BY-4.0", True)
    with pytest.raises(DataError, match="the dataset card: licence is 'free': not a licence we know"):
        keep(path, card={"licence": "free"})


def test_a_folder_of_labelled_images_is_one_case_per_image(tmp_path, picture):
    root = tmp_path / "photos"
    for name in ("melanoma/1.jpg", "melanoma/p7/2.JPG", "eczema/1.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture(1).save(root / name)
    (root / "eczema/notes.txt").write_text("not an image")
    imported = read_own_files(root)
    assert [(case.id, case.label) for case in imported.cases] == [
        ("eczema/1.jpg", "eczema"),
        ("melanoma/1.jpg", "melanoma"),
        ("melanoma/p7/2.JPG", "melanoma"),
    ]
    assert imported.cases[2].file_names == ("images/melanoma/p7/2.JPG",)
    assert (imported.card.name, imported.references) == ("photos", ())
    assert imported.remarks == ("Left out 1 file not ending as an image does.",)


def test_a_folder_without_labels_or_images_is_a_clear_error(tmp_path, picture):
    with pytest.raises(DataError, match="holds no images; expected one subfolder per label"):
        read_own_files(tmp_path)
    picture(1).save(tmp_path / "loose.jpg")
    with pytest.raises(DataError, match=r"loose.jpg: the image is in no subfolder"):
        read_own_files(tmp_path)


def test_a_consultation_has_several_images_a_note_and_a_differential(table):
    text = "id,images,note,differential\nc1,a.jpg;b.jpg,Itches at night.,scabies: 0.7; eczema: 0.3\n"
    (case,) = read_own_files(table(text), missing_images="keep").cases
    assert [(d.diagnosis, d.weight) for d in case.differential] == [("scabies", 0.7), ("eczema", 0.3)]
    assert (case.label, case.context.note) == (None, "Itches at night.")


def test_a_differential_in_jsonl_may_be_a_list(table):
    line = json.dumps({"id": "c1", "differential": ["scabies", "eczema"]})
    (case,) = keep(table(line, name="mine.jsonl")).cases
    assert [d.diagnosis for d in case.differential] == ["scabies", "eczema"]


def test_a_malformed_differential_names_its_line(table):
    with pytest.raises(DataError, match=r"line 2: the differential gives 'b' no weight"):
        keep(table("id,differential\nc1,a: 1; b\n"))


def test_texts_that_may_identify_somebody_are_counted_until_somebody_has_looked(table):
    path = table('id,note\nc1,"Mrs Smith, seen 3 May 2021"\nc2,Itches.\n')
    (remark,) = keep(path).remarks[1:]
    assert remark.startswith("2 places in texts that may identify somebody; the first: of c1 its note holds")
    assert len(keep(path, card={"identifiers_reviewed": True}).remarks) == 1


def test_labels_the_lexicon_does_not_know_are_told(table):
    assert any("'psoriazis' in 1 case" in remark for remark in keep(table("id,label\nc1,psoriazis\n")).remarks)
