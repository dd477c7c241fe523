import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.records import (
    DIMENSIONS,
    Case,
    Certificate,
    ClinicalContext,
    DatasetCard,
    DifferentialItem,
    Narrative,
    Rating,
    Unscored,
)
from dermatrust.store import DatasetFolder, append_records, write_records
from dermatrust.store.card import write_card

CARD = DatasetCard(name="d", version="1", source="s", licence="MIT", consent="unknown")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = texts.filter(str.strip)
numbers = st.floats(0, 120)
file_names = st.from_regex(r"\Aimages/[a-z]{1,8}\.jpg\Z")
contexts = st.builds(
    ClinicalContext,
    age=st.none() | numbers, sex=st.none() | names, site=st.none() | names, note=st.none() | texts,
    symptoms=st.dictionaries(texts, st.booleans(), max_size=3), history=st.dictionaries(texts, texts, max_size=3),
)  # fmt: skip
cases = st.builds(
    Case,
    id=names, patient_id=st.none() | names, label=st.none() | names, category=st.none() | names, context=contexts,
    file_names=st.lists(file_names, unique=True, max_size=3).map(tuple),
    differential=st.lists(
        st.builds(DifferentialItem, diagnosis=names, weight=st.floats(0, 1, exclude_min=True)), max_size=3
    ).map(tuple),
    urgency=st.none() | st.sampled_from(["emergent", "urgent", "routine"]), split=st.none() | names,
    fitzpatrick=st.none() | st.integers(1, 6), monk=st.none() | st.integers(1, 10), file_family=st.none() | names,
    concepts=st.dictionaries(names, st.booleans(), max_size=3),
)  # fmt: skip
certificates = st.none() | st.builds(Certificate, certified_by=names, source=names, certified_on=st.none() | names)
narratives = st.builds(
    Narrative,
    id=names, case_id=st.just("c1"), text=texts, author=names, prompt_id=st.none() | names, certificate=certificates,
    stream=st.sampled_from(["candidate", "regular", "reference", "label"]),
)  # fmt: skip
unscored = st.builds(Unscored, reason=st.sampled_from(["missing", "doubled", "not rated"]), raw=texts)


@st.composite
def ratings(draw):
    scores = draw(st.dictionaries(st.sampled_from(DIMENSIONS), st.floats(0, 5)))
    return Rating(
        narrative_id=draw(names), rater=draw(names), scores=scores, critique=draw(texts), draw=draw(st.integers(0, 9)),
        unscored={d: draw(unscored) for d in DIMENSIONS if d not in scores}, rubric=draw(st.none() | names),
    )  # fmt: skip


def reference(case_id="c1", text="Psoriasis.", **fields):
    return Narrative(
        **({"id": f"r-{case_id}", "author": "expert", "stream": "reference"} | fields), case_id=case_id, text=text
    )


@pytest.fixture
def folder(tmp_path):
    """A folder with a card and three cases, c1 to c3."""
    write_card(tmp_path / "card.yaml", CARD)
    write_records(tmp_path / "metadata.jsonl", [Case(id=f"c{i}", file_names=(f"images/{i}.jpg",)) for i in (1, 2, 3)])
    return tmp_path


@given(records=st.lists(cases, unique_by=lambda case: case.id, max_size=6))
def test_cases_come_back_exactly(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("folder")
    write_card(path / "card.yaml", CARD)
    write_records(path / "metadata.jsonl", records)
    dataset = DatasetFolder.open(path)
    assert list(dataset.iter_cases()) == records
    assert dataset.n_cases == len(records)


@given(
    candidates=st.lists(narratives, unique_by=lambda narrative: narrative.id, max_size=5),
    scores=st.lists(ratings(), max_size=5),
    truth=narratives.map(lambda n: n.model_copy(update={"stream": "reference", "text": "x" + n.text})),
)
def test_narratives_ratings_and_references_come_back_exactly(tmp_path_factory, candidates, scores, truth):
    path = tmp_path_factory.mktemp("folder")
    write_card(path / "card.yaml", CARD)
    write_records(path / "metadata.jsonl", [Case(id="c1")])
    write_records(path / "narratives.jsonl", candidates)
    write_records(path / "ratings.jsonl", scores)
    write_records(path / "references.jsonl", [truth])
    dataset = DatasetFolder.open(path)
    assert list(dataset.iter_narratives()) == candidates
    assert list(dataset.iter_ratings()) == scores
    assert dataset.reference("c1") == truth


def test_what_is_not_there_is_empty(folder):
    dataset = DatasetFolder.open(folder)
    assert dataset.reference("c1") is None
    assert [*dataset.iter_references(), *dataset.iter_narratives(), *dataset.iter_ratings()] == []
    assert dataset.card == CARD


def test_the_last_reference_of_a_case_wins(folder):
    first, second, other = reference(text="First."), reference(text="Revised."), reference("c3", text="Ekzem — ü\n\nx")
    write_records(folder / "references.jsonl", [first, other, second])
    dataset = DatasetFolder.open(folder)
    assert dataset.reference("c1") == second
    assert dataset.reference("c3") == other
    assert dataset.reference("c2") is None
    assert dataset.reference("unheard of") is None
    assert list(dataset.iter_references()) == [other, second]


def test_blank_lines_and_windows_line_ends_do_not_shift_the_references(folder):
    lines = [reference("c1", text="One.").to_line(), "", "  ", reference("c2", text="Zwöi.").to_line()]
    (folder / "references.jsonl").write_bytes("\r\n".join(lines).encode())
    dataset = DatasetFolder.open(folder)
    assert [dataset.reference(case_id).text for case_id in ("c1", "c2")] == ["One.", "Zwöi."]


def test_a_reference_appended_while_the_dataset_is_open_is_found(folder):
    write_records(folder / "references.jsonl", [reference(text="First.")])
    dataset = DatasetFolder.open(folder)
    assert dataset.reference("c1").text == "First."
    append_records(folder / "references.jsonl", [reference(text="Revised."), reference("c2")])
    assert dataset.reference("c1").text == "Revised."
    assert dataset.reference("c2") is not None


BAD_CASES = {
    "not json": ('{"id": "c2"', r"is not valid JSON"),
    "not an object": ("17", "the record is 17"),
    "unknown field": ('{"id": "c2", "lable": "x"}', "has a field 'lable' this record does not know"),
    "no id": ('{"label": "x"}', "has no field 'id'"),
    "blank id": ('{"id": " "}', "id is ' ': is empty"),
    "age": ('{"id": "c2", "context": {"age": 130}}', "context.age is 130"),
    "skin type": ('{"id": "c2", "fitzpatrick": 7}', "fitzpatrick is 7"),
    "outside": ('{"id": "c2", "file_names": ["../x.jpg"]}', "is not a path inside the dataset folder"),
    "nul": ('{"id": "c2", "label": "a\\u0000b"}', "cannot be stored"),
    "surrogate": ('{"id": "c2", "label": "a\\ud800b"}', "is not valid JSON|cannot be stored"),
    "nan": ('{"id": "c2", "context": {"age": NaN}}', "context.age|is not valid JSON"),
    "too long": ('{"id": "' + "x" * 5_000_000 + '"}', "is over 4 MB long"),
    "duplicate": ('{"id": "c1"}', r"has the id 'c1' of line 1; expected ids that differ"),
}


@pytest.mark.parametrize(("line", "complaint"), BAD_CASES.values(), ids=BAD_CASES)
def test_a_bad_case_is_one_error_with_file_and_line_after_the_good_ones(folder, line, complaint):
    (folder / "metadata.jsonl").write_text('{"id": "c1"}\n\n' + line + "\n")
    cases = DatasetFolder.open(folder).iter_cases()
    assert next(cases).id == "c1"
    with pytest.raises(DataError, match=rf"metadata\.jsonl line 3: .*({complaint})"):
        next(cases)


def test_bytes_that_are_not_utf8_are_named(folder):
    (folder / "metadata.jsonl").write_bytes(b'{"id": "c\xe9"}\n')
    with pytest.raises(DataError, match=r"metadata\.jsonl line 1: byte 9 is 0xe9; expected UTF-8"):
        list(DatasetFolder.open(folder).iter_cases())


BAD_REFERENCES = {
    "unknown case": (reference("c9").to_line(), r"is about case 'c9'; expected a case of metadata\.jsonl"),
    "candidate": (reference(stream="candidate").to_line(), "stream is 'candidate'; expected 'reference' or 'label'"),
    "no stream": ('{"id": "r", "case_id": "c1", "text": "x", "author": "a"}', "stream is 'candidate'"),
    "no text": (reference(text=" \n").to_line(), "the reference has no text"),
    "not json": ("nonsense", "is not valid JSON"),
    "too long": ('{"id": "' + "x" * 5_000_000 + '"}', "is over 4 MB long"),
}


@pytest.mark.parametrize(("line", "complaint"), BAD_REFERENCES.values(), ids=BAD_REFERENCES)
def test_a_bad_reference_is_one_error_with_file_and_line(folder, line, complaint):
    (folder / "references.jsonl").write_text(reference("c2").to_line() + "\n" + line + "\n")
    dataset = DatasetFolder.open(folder)
    for read in (lambda: dataset.reference("c1"), lambda: list(dataset.iter_references())):
        with pytest.raises(DataError, match=rf"references\.jsonl line 2: .*{complaint}"):
            read()


def test_narratives_with_one_id_or_of_unknown_cases_are_refused(folder):
    write_records(folder / "narratives.jsonl", [reference("c1", id="n"), reference("c2", id="n")])
    with pytest.raises(DataError, match=r"narratives\.jsonl line 2: has the id 'n' of line 1"):
        list(DatasetFolder.open(folder).iter_narratives())
    write_records(folder / "narratives.jsonl", [reference("c9")])
    with pytest.raises(DataError, match=r"narratives\.jsonl line 1: is about case 'c9'"):
        list(DatasetFolder.open(folder).iter_narratives())


@pytest.mark.parametrize(("scores", "complaint"), [
    ({"safety": 5.5}, r"scores\.safety is 5\.5"),
    ({"style": 3}, r"scores\.style"),
    ({"safety": 3}, "says nothing about accuracy"),
    ({"safety": None}, r"scores\.safety is None"),
])  # fmt: skip
def test_a_bad_rating_is_one_error_with_file_and_line(folder, scores, complaint):
    line = json.dumps({"narrative_id": "n", "rater": "dr-a", "scores": scores})
    (folder / "ratings.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match=rf"ratings\.jsonl line 1: .*{complaint}"):
        list(DatasetFolder.open(folder).iter_ratings())


def test_an_empty_candidate_is_kept(folder):
    empty = Narrative.candidate(case_id="c1", author="m", text="")
    write_records(folder / "narratives.jsonl", [empty])
    assert list(DatasetFolder.open(folder).iter_narratives()) == [empty]


def test_missing_images_are_named_with_their_line(folder):
    (folder / "images").mkdir()
    (folder / "images" / "2.jpg").write_bytes(b"x")
    found = list(DatasetFolder.open(folder).missing_images())
    metadata = folder / "metadata.jsonl"
    assert found == [(f"{metadata} line 1", "images/1.jpg"), (f"{metadata} line 3", "images/3.jpg")]
    assert DatasetFolder.open(folder).image_path("images/2.jpg").read_bytes() == b"x"


def test_what_is_no_dataset_folder_says_what_is_lacking(folder):
    with pytest.raises(DataError, match=r"none: there is no such folder"):
        DatasetFolder.open(folder / "none")
    (folder / "metadata.jsonl").unlink()
    with pytest.raises(DataError, match=r"has no metadata\.jsonl; expected one case a line"):
        DatasetFolder.open(folder)
    (folder / "card.yaml").unlink()
    with pytest.raises(DataError, match=r"card\.yaml: there is no such file"):
        DatasetFolder.open(folder)


def test_the_content_hash_sees_every_part_and_nothing_else(folder):
    def digest():
        return DatasetFolder.open(folder).content_hash()

    seen = [digest()]
    assert seen[0] == digest()
    write_records(folder / "narratives.jsonl", [reference()])
    assert digest() == seen[0]
    (folder / "images").mkdir()
    for path, content in {
        "references.jsonl": reference().to_line(),
        "images/1.jpg": "abc",
        "images/2.jpg": "abc",
        "card.yaml": (folder / "card.yaml").read_text() + "\n",
        "metadata.jsonl": (folder / "metadata.jsonl").read_text().replace("3.jpg", "4.jpg"),
    }.items():
        (folder / path).write_text(content)
        seen.append(digest())
    (folder / "images/2.jpg").write_text("ab")
    seen.append(digest())
    assert len(set(seen)) == len(seen) == 7
    assert all(len(found) == 64 for found in seen)


def test_memory_grows_by_ids_and_not_by_texts(tmp_path):
    write_card(tmp_path / "card.yaml", CARD)
    n_cases, text = 3_000, "x" * 5_000
    notes = ClinicalContext(note=text)
    write_records(tmp_path / "metadata.jsonl", (Case(id=f"c{i}", context=notes) for i in range(n_cases)))
    write_records(tmp_path / "references.jsonl", (reference(f"c{i}", text) for i in range(n_cases)))
    dataset = DatasetFolder.open(tmp_path)
    tracemalloc.start()
    for case in dataset.iter_cases():
        assert dataset.reference(case.id).text == text
    for _ in dataset.iter_references():
        pass
    dataset.content_hash()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Three tables of ids at once (the pass over the cases, all case ids, the references' places), each at most about
    # 350 bytes an entry; the texts of either file alone would be 15 MB.
    assert peak < 3 * 350 * n_cases + 1_000_000
