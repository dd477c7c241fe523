import codecs

import pytest
from click.testing import CliRunner

from dermatrust.cli.data import data
from dermatrust.errors import UserError
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Dimension, Narrative, Rater, Rating, Unscored
from dermatrust.store.folder import DatasetFolder, write_dataset
from dermatrust.store.jsonl import append_records, write_records
from dermatrust.store.lock import only_writer

NAMES = ",".join(d.value for d in DIMENSIONS)
HEADER = f"narrative_id,rater,{NAMES}"
TITLES = ",".join(d.title for d in DIMENSIONS)


@pytest.fixture
def folder(tmp_path):
    card = DatasetCard(name="ward", version="1", source="a test", licence="private", consent="none needed")
    write_dataset(tmp_path / "set", card, [Case(id="c1"), Case(id="c2")], (), ())
    narratives = [("n1", "c1", "model-a"), ("n2", "c1", "model-b"), ("n3", "c2", "model-a"), ("n4", "c2", "model-a")]
    write_records(
        tmp_path / "set/narratives.jsonl",
        [Narrative(id=name, case_id=case, text="A plaque.", author=author) for name, case, author in narratives],
    )
    return tmp_path / "set"


@pytest.fixture
def take(folder, tmp_path):
    """Return a function from a table and options to the result of the command."""

    def run(text, *options, encoding="utf-8"):
        table = tmp_path / "table.csv"
        table.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return CliRunner().invoke(data, ["ratings", str(folder), str(table), *options])

    return run


@pytest.fixture
def refusal(take, folder):
    """Return a function from a table and options to what the command says is wrong, having written nothing."""

    def run(text, *options):
        before = contents(folder)
        result = take(text, *options)
        assert isinstance(result.exception, UserError), result.output + repr(result.exception)
        assert contents(folder) == before
        return str(result.exception)

    return run


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"}


def test_one_table_at_a_time(take, folder, refusal):
    table = f"{HEADER}\nn1,Dr A,1,2,3,4,5,0\n"
    with only_writer(folder):
        assert "another process is working in this folder. Wait for it" in refusal(table)
    assert take(table).exit_code == 0


def ratings(folder):
    return {(one.narrative_id, one.rater, one.draw): one for one in DatasetFolder.open(folder).iter_ratings()}


def numbers(rating):
    return [rating.scores.get(d) for d in DIMENSIONS]


def test_a_rating_a_row_with_an_empty_cell_as_a_missing_score(take, folder):
    result = take(f"{HEADER},critique\nn1,Dr A,5,4.5, ,3,2,0,Too short.\nn2,Dr A,1,1,1,1,1,1,\n")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"2 new ratings in {folder / 'ratings.jsonl'}\n"
    assert "1 score missing" in result.stderr
    found = ratings(folder)["n1", "Dr A", 0]
    assert numbers(found) == [5, 4.5, None, 3, 2, 0]
    assert found.unscored == {Dimension.MEDICAL_GROUNDEDNESS: Unscored(reason="not rated")}
    assert found.critique == "Too short."


def test_a_score_a_row_gives_the_same_ratings_as_a_rating_a_row(take, folder, tmp_path):
    scores = {"n1": [5, 4, 3, 2, 1, 0], "n2": [1, None, 2, 3, 4, 5]}
    long = "".join(
        f"{name},Dr A,{d.title if name == 'n1' else d.value},{'' if score is None else score}\n"
        for name, six in scores.items()
        for d, score in zip(DIMENSIONS, six, strict=True)
    )
    assert take(f"narrative_id,rater,dimension,score\n{long}").exit_code == 0
    assert {key[0]: numbers(one) for key, one in ratings(folder).items()} == scores
    wide = "".join(
        f"{name},Dr A,{','.join('' if s is None else str(s) for s in six)}\n" for name, six in scores.items()
    )
    again = take(f"{HEADER}\n{wide}")
    assert again.stdout.endswith("; 2 there already\n")
    assert again.stdout.startswith("0 new ratings")


def test_critiques_of_single_scores_are_all_kept(take, folder):
    rows = "n1,Dr A,safety,3,No follow-up.\nn1,Dr A,accuracy,4,\nn1,Dr A,clinical coverage,1,No site.\n"
    assert take(f"narrative_id,rater,dimension,score,critique\n{rows}").exit_code == 0
    assert ratings(folder)["n1", "Dr A", 0].critique == "No follow-up.\nNo site."


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_separators_marks_and_printed_titles(take, folder, separator, mark):
    half = "4.5" if separator == "," else "4,5"
    text = f"Narrative ID,Rater,{TITLES}\nn1,Dr Jürgen,{half if separator == ',' else 'HALF'},4,3,2,1,0\n"
    text = text.replace(",", separator).replace("HALF", half)
    assert take(mark + text.encode()).exit_code == 0
    assert numbers(ratings(folder)["n1", "Dr Jürgen", 0]) == [4.5, 4, 3, 2, 1, 0]


def test_one_raters_table_renamed_and_ignored_columns_and_case_with_author(take, folder):
    table = f'case_id,author,Text,Korrektheit,{NAMES.partition(",")[2]}\nc1,model-b,"A, b",5,4,3,2,1,0\n'
    result = take(table, "--rater", "Dr B", "--column", "accuracy=Korrektheit", "--ignore", "Text")
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert numbers(ratings(folder)["n2", "Dr B", 0]) == [5, 4, 3, 2, 1, 0]


def test_a_row_that_nobody_filled_in_is_no_rating_and_can_come_later(take, folder):
    first = take(f"{HEADER}\nn1,Dr A,1,1,1,1,1,1\nn2,Dr A,,,,,,\n,,,,,,,\n")
    assert first.stdout.startswith("1 new rating in")
    assert "1 row without a score left out" in first.stderr
    second = take(f"{HEADER}\nn1,Dr A,1,1,1,1,1,1\nn2,Dr A,2,2,2,2,2,2\n")
    assert second.stdout.startswith("1 new rating in")
    assert ratings(folder).keys() == {("n1", "Dr A", 0), ("n2", "Dr A", 0)}


def test_repeats_are_numbered_by_draw(take, folder):
    assert take(f"{HEADER},draw\nn1,A,1,1,1,1,1,1,0\nn1,A,2,2,2,2,2,2,1\n").exit_code == 0
    assert {key[2]: one.scores[Dimension.SAFETY] for key, one in ratings(folder).items()} == {0: 1, 1: 2}


def test_raters_are_registered_as_people_with_what_the_table_says_of_them(take, folder):
    table = (
        f"{HEADER},qualification,years\nn1,A,1,1,1,1,1,1,,\nn2,A,1,1,1,1,1,1,dermatologist,12.5\nn1,B,1,1,1,1,1,1,,\n"
    )
    assert take(table).exit_code == 0
    known = Rater(id="A", kind="human", qualification="dermatologist", years=12.5), Rater(id="B", kind="human")
    assert tuple(DatasetFolder.open(folder).iter_raters()) == known
    assert take(f"{HEADER},years\nn3,A,1,1,1,1,1,1,12.5\nn3,B,1,1,1,1,1,1,\n").exit_code == 0
    assert tuple(DatasetFolder.open(folder).iter_raters()) == known


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("n1,A,6,1,1,1,1,1", "line 2: accuracy is '6'; expected a number from 0 to 5, or an empty cell"),
        ("n1,A,1,-1,1,1,1,1", "line 2: safety is '-1'; expected a number from 0 to 5"),
        ("n1,A,1,n/a,1,1,1,1", "line 2: safety is 'n/a'; expected a number"),
        ("n1,A,1,nan,1,1,1,1", "line 2: safety is 'nan'; expected a number"),
        ("n1,A,1,1_0,1,1,1,1", "line 2: safety is '1_0'; expected a number"),
        ('n1,A,1,"4,5",1,1,1,1', "safety is '4,5'; expected a number from 0 to 5, or an empty cell for a score that"),
        ('n1,A,1,"4,5",1,1,1,1', "Write 4.5."),
        ("n1,A,1,1,1,1,1", "line 2: has 7 fields; expected 8, as in the header"),
        ("n1,,1,1,1,1,1,1", "line 2: names no rater"),
        (",A,1,1,1,1,1,1", "line 2: does not say which narrative is rated"),
        ("N1,A,1,1,1,1,1,1", "line 2: narrative_id is 'N1'; expected one of narratives.jsonl. Did you mean 'n1'?"),
        ("n1,A,1,1,1,1,1,1\nn1,A,1,1,1,1,1,1", "line 3: rates 'n1' by 'A' again, after line 2"),
        ("n1,A\0,1,1,1,1,1,1", "line 2: holds a NUL character"),
    ],
)
def test_bad_rows(refusal, row, said):
    assert said in refusal(f"{HEADER}\n{row}\n")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("c2,model-a,1", "line 2: there are 2 narratives of case 'c2' by 'model-a'"),
        ("c2,model-a,1", "Say which in a column narrative_id: n3, n4."),
        ("c1,model-c,1", "there is no narrative of case 'c1' by 'model-c'"),
        ("c1,model-c,1", "Its authors are 'model-a', 'model-b'."),
        ("c11,model-a,1", "Did you mean case 'c1'?"),
        ("c1,,1", "does not say which narrative is rated"),
    ],
)
def test_bad_cases_and_authors(refusal, row, said):
    assert said in refusal(f"case_id,author,safety\n{row}\n", "--rater", "A")


def test_a_narrative_of_another_case_than_the_row_says(refusal):
    said = refusal("narrative_id,case_id,safety\nn1,c2,3\n", "--rater", "A")
    assert "case_id is 'c2', but narrative 'n1' has 'c1'" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("n1,A,Saftey,3", "dimension is 'Saftey'; expected one of accuracy, safety"),
        ("n1,A,,3", "dimension is ''; expected one of"),
        ("n1,A,safety,33", "line 2: score is '33'; expected a number from 0 to 5"),
        ("n1,A,safety,3\nn1,A,safety,3", "line 3: rates safety of 'n1' by 'A' again, after line 2"),
    ],
)
def test_bad_rows_of_single_scores(refusal, row, said):
    assert said in refusal(f"narrative_id,rater,dimension,score\n{row}\n")


def test_all_bad_cells_are_told_at_once_ten_are_shown_and_nothing_is_written(refusal):
    rows = "".join(f"n1,A{k},9,1,x,1,1,1\n" for k in range(9))
    lines = refusal(f"{HEADER}\nn1,B,1,1,1,1,1,1\n{rows}").splitlines()
    assert lines[0].endswith("table.csv: 18 faults, and nothing was written:")
    assert len(lines) == 12
    assert lines[1].startswith("line 3: accuracy is '9'")
    assert lines[2].startswith("line 3: medical_groundedness is 'x'")
    assert lines[10].startswith("line 7: medical_groundedness is 'x'")
    assert lines[11] == "8 more."


def test_a_fault_names_the_first_line_of_a_row_and_the_tables_own_column(refusal):
    said = refusal('narrative_id,Remark,Sicherheit\nn1,"a\nb",3\nn2,c,7\n', "--rater", "A", "--ignore", "Remark",
                   "--column", "safety=Sicherheit")  # fmt: skip
    assert "table.csv line 4: Sicherheit is '7'" in said


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("narrative_id,rater,saftey\n", (), "line 1: the column 'saftey' is unknown; expected columns out of"),
        ("narrative_id,rater,saftey\n", (), "If it is 'safety' say --column 'safety=saftey'; if it does not matter"),
        ("narrative_id,rater,safety,Safety\n", (), "has the column 'safety' twice"),
        ("case_id,rater,safety\n", (), "does not say which narrative is rated"),
        ("narrative_id,safety\n", (), "has no column 'rater'. Say --rater NAME"),
        ("narrative_id,rater,safety\n", ("--rater", "A"), "has a column 'rater' beside --rater"),
        ("narrative_id,rater\n", (), "has no scores; expected a column for each of accuracy"),
        ("narrative_id,rater,safety,score\n", (), "has the columns 'safety' and 'score'; expected a rating a row"),
        ("narrative_id,rater,safety\n", (), "holds no rating"),
        ("", (), "line 1"),
        ("narrative_id,rater,safety\n", ("--column", "safety"), "--column: is 'safety'; expected our name"),
        ("narrative_id,rater,S\n", ("--column", "safe=S"), "--column: 'safe' is no column of ours"),
        ("narrative_id,rater,S\n", ("--column", "safety=T"), "--column: the table has no column 'T'"),
        ("narrative_id,rater,S\n", ("--ignore", "T"), "--ignore: the table has no column 'T'"),
        ("narrative_id,safety\n", ("--rater", " "), "--rater: is empty"),
    ],
)
def test_bad_headers_and_options(refusal, text, options, said):
    assert said in refusal(text, *options)


def test_not_utf_8_and_no_file(refusal, folder):
    assert "is not UTF-8" in refusal("narrative_id,rater,safety\nn1,Jürgen,3\n".encode("latin-1"))
    result = CliRunner().invoke(data, ["ratings", str(folder), str(folder / "none.csv")])
    assert "there is no such file" in str(result.exception)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("n1,A,1,2,1,1,1,1,Fine.", "safety is 1 there and 2 here"),
        ("n1,A,1,,1,1,1,1,Fine.", "safety is 1 there and missing here"),
        ("n1,A,1,1,1,1,1,1,Poor.", "the critique is another"),
    ],
)
def test_a_rating_that_is_there_otherwise_is_refused(take, folder, refusal, row, said):
    assert take(f"{HEADER},critique\nn1,A,1,1,1,1,1,1,Fine.\n").exit_code == 0
    message = refusal(f"{HEADER},critique\nn2,A,1,1,1,1,1,1,\n{row}\n")
    assert f"line 3: 'A' rated 'n1' differently in ratings.jsonl: {said}" in message


def test_a_rating_from_elsewhere_is_the_same_whatever_rubric_it_names(take, folder):
    known = Rating(narrative_id="n1", rater="A", scores=dict.fromkeys(DIMENSIONS, 1.0), rubric="dermbench@1:ab")
    append_records(folder / "ratings.jsonl", [known])
    assert take(f"{HEADER}\nn1,A,1,1,1,1,1,1\n").stdout.endswith("; 1 there already\n")
    assert list(ratings(folder).values()) == [known]


@pytest.mark.parametrize(
    ("registered", "cells", "said"),
    [
        ({"kind": "llm"}, "dermatologist,5", "'A' is a rater of kind 'llm', not a person, in raters.jsonl"),
        ({"kind": "human", "years": 4}, ",5", "'A' has years 5.0 here, but 4.0 in raters.jsonl"),
        ({"kind": "human"}, "nurse,", "'A' has qualification 'nurse' here, but none in raters.jsonl"),
        ({"kind": "human"}, ",99", "years is '99'; expected a number from 0 to 80"),
    ],
)
def test_a_rater_who_is_registered_otherwise_is_refused(folder, refusal, registered, cells, said):
    write_records(folder / "raters.jsonl", [Rater(id="A", **registered)])
    assert said in refusal(f"{HEADER},qualification,years\nn1,A,1,1,1,1,1,1,{cells}\nn2,A,1,1,1,1,1,1,{cells}\n")


def test_a_table_that_contradicts_itself_about_a_rater(refusal):
    rows = "n1,A,1,1,1,1,1,1,nurse\nn2,A,1,1,1,1,1,1,surgeon\nn3,A,1,1,1,1,1,1,surgeon\n"
    said = refusal(f"{HEADER},qualification\n{rows}")
    assert "line 3: 'A' has qualification 'surgeon' here, but 'nurse' in line 2" in said


def test_narratives_must_be_there(folder, refusal):
    (folder / "narratives.jsonl").unlink()
    assert "holds no narrative that could be rated" in refusal(f"{HEADER}\nn1,A,1,1,1,1,1,1\n")


def test_what_was_taken_in_is_the_panel_of_a_study(take, folder):
    from dermatrust.align.ratings import read_rating_table
    from dermatrust.align.target import study_of

    assert take(f"{HEADER}\nn1,A,1,1,1,1,1,1\nn1,B,3,3,3,3,3,3\n").exit_code == 0
    study = study_of(read_rating_table(DatasetFolder.open(folder)))
    assert study.target[0].tolist() == [2.0] * 6
