from dermatrust.datasets.describe import describe_dataset
from dermatrust.records import Certificate, Narrative
from dermatrust.store import write_records


def test_every_table_counts_every_case_and_shows_what_is_missing(dataset):
    folder = dataset(
        {"id": "a", "label": "x", "patient_id": "p", "fitzpatrick": 2, "file_names": ("images/1.png", "images/2.png")},
        {"id": "b", "label": "x", "patient_id": "p", "context": {"age": 9, "sex": "f"}},
        {"id": "c", "label": "y", "fitzpatrick": 6, "context": {"age": 10}, "urgency": "urgent", "split": "test"},
        {"id": "d", "urgency": "routine", "urgency_from_lexicon": True, "context": {"age": 119, "site": "arm"}},
        references=False,
    )
    certificate = Certificate(certified_by="d", source="s")
    reference = Narrative(id="r", case_id="a", text="t", author="d", stream="reference")
    write_records(
        folder / "references.jsonl",
        [
            reference,
            reference.model_copy(update={"certificate": certificate}),  # the last line for a case counts
            Narrative(id="s", case_id="b", text="t", author="d", stream="reference"),
            Narrative(id="t", case_id="c", text="t", author="d", stream="label"),
        ],
    )
    description = describe_dataset(folder)
    tables = description.tables
    assert tables["label"] == {"x": 2, "y": 1, "(missing)": 1}
    assert list(tables["skin type (Fitzpatrick)"].items()) == [("II (2)", 1), ("VI (6)", 1), ("(missing)", 2)]
    assert list(tables["age"].items()) == [("0-9", 1), ("10-19", 1), ("90+", 1), ("(missing)", 1)]
    assert tables["urgency"] == {"urgent": 1, "routine (the lexicon's)": 1, "(missing)": 2}
    assert tables["reference"] == {"certified": 1, "draft": 1, "label": 1, "(missing)": 1}
    assert tables["images per case"] == {"0": 3, "2": 1}
    assert tables["split"] == {"test": 1, "(missing)": 3}
    assert all(sum(rows.values()) == description.n_cases == 4 for rows in tables.values())
    assert (description.n_images, description.n_patients, description.n_cases_without_patient) == (2, 1, 2)


def test_the_text_cuts_long_tables_and_says_so_and_keeps_what_is_missing(dataset):
    cases = [{"id": f"c{i}", "label": f"l{i:02d}"} for i in range(20)]
    text = describe_dataset(dataset(*cases, {"id": "none"})).to_text()
    table = text.split("label\n")[1].split("\n\n")[0].splitlines()
    assert len(table) == 12
    assert table[-2].split() == ["10", "47.6", "%", "(10", "others)"]
    assert table[-1].split() == ["1", "4.8", "%", "(missing)"]
    assert "may not leave this machine" in text


def test_a_case_of_which_only_the_skin_group_is_known_is_counted_by_its_group(dataset):
    tables = describe_dataset(dataset({"id": "a", "fitzpatrick_group": "I-II"}, {"id": "b"})).tables
    assert tables["skin type (Fitzpatrick)"] == {"I-II": 1, "(missing)": 1}
