import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dermatrust.align.compare import Bootstrap
from dermatrust.align.ratings import read_rating_table
from dermatrust.align.study import align
from dermatrust.curate.adjudication import decide
from dermatrust.curate.certify import certify
from dermatrust.curate.exchange import export_project, import_project, project_lines
from dermatrust.curate.folder_export import write_to_folder
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.projects import set_member
from dermatrust.curate.ratings import Entered, save_draft
from dermatrust.curate.ratings_csv import ratings_csv, table
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Audit, Project, Rating, User
from dermatrust.curate.texts import latest_text, revise
from dermatrust.curate.texts import save_draft as save_revision
from dermatrust.curate.trail import Actor, verify
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Rater, canonical_json
from dermatrust.store import append_records

FIVES = dict.fromkeys(DIMENSIONS, 5)
SOMEBODY = Actor("somebody")


def worked_on(bench, now):
    """A project in which everything there is has happened: drafts, ratings, a decision, revisions, a certificate."""
    bench.submit("r1", bench.next("r1"), 5, now, uncertain=True, reason="é 😀", viewer={"contrast": 1.5})
    for rater, score in (("r1", 5), ("r2", 3)):
        for k in range(2):
            turn = bench.next(rater)
            if turn is not None:
                bench.submit(rater, turn, score, now + timedelta(microseconds=k + 1), note='=1+1, "so"\n')
    turn = bench.next("r3", now)
    with bench.database.writing() as session:
        save_draft(session, bench.people["r3"], turn.id, 0, Entered(scores={"safety": 2}, note="so far"), now)
    disputed = next(item.id for item in bench.items() if item.state == "disputed")
    with bench.database.writing() as session:
        decide(session, bench.people["adjudicator"], disputed, FIVES, "seen", now)
        revise(session, bench.people["adjudicator"], disputed, 1, "A better text.\u2028", now)
        save_revision(session, bench.people["adjudicator"], disputed, 0, "Half a", now)
        sha256 = latest_text(session, disputed).sha256
        certify(session, bench.people["adjudicator"], disputed, FIVES, sha256, now, now)
    return bench


def moved(session, path):
    return "".join(f"{line}\n" for line in project_lines(session, import_project(session, SOMEBODY, path).id))


@pytest.mark.parametrize("kinds", [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_project_that_was_worked_on_is_the_same_after_a_move(open_database, bench_of, tmp_path, now, kinds):
    bench = worked_on(bench_of(open_database(kinds[0]), 4, rules=Rules(anchor_share=0.25)), now)
    path = tmp_path / "p.jsonl"
    with bench.database.writing() as session:
        n_lines = export_project(session, bench.people["curator"], bench.id, path)
    content = path.read_bytes()
    assert n_lines == content.count(b"\n")
    found = Counter(json.loads(line).get("table") for line in content.splitlines())
    assert found.keys() == {
        None, "project", "user", "member", "image", "item", "item_image", "text_version", "anchor", "assignment",
        "draft", "rating", "adjudication", "certificate",
    }  # fmt: skip
    assert found["draft"] == 2
    other = open_database(kinds[1])
    with other.writing() as session:
        session.add_all([User(name="r2", password_hash="kept"), User(name="somebody else")])  # numbers will differ
    with other.writing() as session:
        assert moved(session, path).encode() == content
    with other.reading() as session:
        assert session.scalar(select(User.password_hash).where(User.name == "r2")) == "kept"
        assert session.scalar(select(func.count()).select_from(Rating)) == found["rating"]
    assert (verify(bench.database).broken, verify(other).broken) == (None, None)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
    lambda one: one.replace(tzinfo=UTC).isoformat(timespec="microseconds")
)
FLOATS = st.floats(0, 1e6, allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
SIX = st.fixed_dictionaries({dimension.value: st.integers(0, 5) for dimension in DIMENSIONS})


@st.composite
def projects(draw):
    """The lines of a project: any texts, moments and numbers, its rows belonging to each other."""
    people = sorted(draw(st.sets(NAMES, min_size=1, max_size=4)))
    person, maybe = st.sampled_from(people), st.none() | st.sampled_from(people)
    keys = sorted(draw(st.sets(NAMES, min_size=1, max_size=3)))
    rows = [("project", {
        "name": draw(NAMES), "folder": "dataset:h", "dataset_hash": "h", "card": draw(JSON.filter(bool)),
        "rubric": draw(NAMES), "rules": {}, "seed": draw(st.integers(-(2**63), 2**63 - 1)),
        "created_at": draw(MOMENTS),
    })]  # fmt: skip
    used = set()

    def who(strategy):
        name = draw(strategy)
        used.add(name)
        return name

    for key in keys:
        rows.append(("item", {
            "id": key, "number": draw(st.integers(1, 99)), "source_id": key, "source_sha256": "",
            "case_id": draw(NAMES), "source": draw(JSON.filter(bool)), "case": {}, "state": "open",
            "note": draw(st.none() | NAMES),
        }))  # fmt: skip
        for number in range(1, draw(st.integers(1, 3)) + 1):
            rows.append(("text_version", {
                "item_id": key, "number": number, "text": draw(NAMES), "sha256": "", "author_id": who(maybe),
                "parent_id": [key, number - 1] if number > 1 else None, "edit_distance": draw(FLOATS),
                "from_scratch": draw(st.booleans()), "written_at": draw(MOMENTS),
            }))  # fmt: skip
        rows.append(("assignment", {
            "id": key, "item_id": key, "rater_id": who(person), "round": 1, "slot": 1, "state": "submitted", "place": 1,
            "assigned_at": draw(MOMENTS), "lease_until": draw(MOMENTS),
        }))  # fmt: skip
        rows.append(("rating", draw(SIX) | {
            "assignment_id": key, "text_version_id": [key, 1], "uncertain": draw(st.booleans()), "note": None,
            "reason": draw(st.none() | NAMES), "seconds": draw(FLOATS), "viewer": draw(JSON.filter(bool)),
            "rubric": "", "frozen_at": draw(MOMENTS),
        }))  # fmt: skip
        rows.append(("draft", {
            "user_id": who(person), "subject": f"item:{key}", "version": 1, "content": draw(JSON.filter(bool)),
            "saved_at": draw(MOMENTS),
        }))  # fmt: skip
    rows += [
        ("user", {"name": name, "kind": "human", "qualification": draw(st.none() | NAMES),
                  "years": draw(st.none() | FLOATS)})
        for name in sorted(used - {None})
    ]  # fmt: skip
    order = ("project", "user", "item", "text_version", "assignment", "draft", "rating")
    rows.sort(
        key=lambda row: (order.index(row[0]), row[1].get("number", 0), canonical_json(row[1] | {"table": row[0]}))
    )
    lines = [canonical_json({"table": table_, **fields}) for table_, fields in rows]
    return "".join(f"{line}\n" for line in ['{"dermatrust_project":1}', *lines]).encode()


PATIENT = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=40, suppress_health_check=PATIENT)
@given(content=projects())
def test_any_project_is_the_same_after_a_trip_through_a_database(database, tmp_path, content):
    same_after_a_trip(database, tmp_path, content)


@pytest.mark.long
@settings(max_examples=500, suppress_health_check=PATIENT)
@given(content=projects())
def test_any_of_500_projects_is_the_same_after_a_trip_through_a_database(database, tmp_path, content):
    same_after_a_trip(database, tmp_path, content)


def same_after_a_trip(database, tmp_path, content):
    path = tmp_path / "p.jsonl"
    path.write_bytes(content)
    with database.writing() as session:
        assert moved(session, path).encode() == content
        session.rollback()


@pytest.fixture
def bench(open_database, bench_of):
    return bench_of(open_database("sqlite"))


@pytest.fixture
def exported(bench, tmp_path, now):
    worked_on(bench, now)
    with bench.database.writing() as session:
        export_project(session, bench.people["curator"], bench.id, tmp_path / "p.jsonl")
    return (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()


def changed(lines, table_, name, value):
    k = next(k for k, line in enumerate(lines) if json.loads(line).get("table") == table_)
    fields = json.loads(lines[k])
    if value is ...:
        del fields[name]
    else:
        fields[name] = value
    return [*lines[:k], json.dumps(fields), *lines[k + 1 :]]


def test_no_path_of_this_machine_is_in_the_file(exported, bench):
    (project,) = [json.loads(line) for line in exported if json.loads(line).get("table") == "project"]
    assert project["folder"] == f"dataset:{bench.folder.content_hash()}"
    assert str(bench.folder.path.parent) not in "".join(exported)


def test_a_file_of_an_older_version_that_names_a_folder_is_read(exported, open_database, tmp_path):
    older = changed(exported, "project", "folder", "/home/cora/my-dataset")
    assert older != exported
    (tmp_path / "older.jsonl").write_text("".join(f"{line}\n" for line in older), encoding="utf-8")
    with open_database("sqlite").writing() as session:
        assert moved(session, tmp_path / "older.jsonl").splitlines() == exported


@pytest.mark.parametrize(
    ("table_", "name", "value", "said"),
    [
        ("rating", "safety", 6, "does not fit"),
        ("rating", "safety", 2.5, "safety: is 2.5; expected a whole number"),
        ("rating", "safety", True, "safety: is True"),
        ("rating", "safety", 2**70, "a whole number that a database holds"),
        ("rating", "seconds", "long", "expected a number"),
        ("rating", "seconds", float("inf"), "Infinity is not JSON"),
        ("rating", "note", "a\0b", "cannot be stored"),
        ("rating", "viewer", {"a": "\ud800"}, "cannot be stored"),
        ("rating", "frozen_at", "2026-03-02T09:00:00", "date and time with its zone"),
        ("rating", "frozen_at", None, "expected a value"),
        ("rating", "frozen_at", ..., "has no field 'frozen_at'"),
        ("rating", "colour", "red", "has a field 'colour' too many"),
        ("rating", "text_version_id", ["nowhere", 1], "expected a text of the file"),
        ("rating", "text_version_id", [[], {}], "expected a text of the file"),
        ("assignment", "rater_id", "nobody", "expected a person of the file"),
        ("assignment", "rater_id", ["nobody"], "expected a person of the file"),
        ("assignment", "state", "lost", "does not fit"),
        ("item", "table", "alembic_version", "no row that can stand here"),
    ],
)
def test_a_line_that_is_not_right_is_named_and_nothing_is_taken_in(
    exported, open_database, tmp_path, table_, name, value, said
):
    path = tmp_path / "wrong.jsonl"
    path.write_text("\n".join(changed(exported, table_, name, value)), encoding="utf-8")
    database = open_database("sqlite")
    with pytest.raises(DataError, match=said) as refused, database.writing() as session:
        import_project(session, SOMEBODY, path)
    assert "line " in str(refused.value)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{}"], "not the beginning of a project"),
        (["{"], "is not JSON"),
        (["[" * 100_000], "is not JSON"),
        (["[]"], "not an object"),
        (['{"dermatrust_project":1}'], "holds no project"),
        (['{"dermatrust_project":1}', '{"table":"user"}'], "the project first"),
    ],
)
def test_a_file_that_is_no_project_is_refused(open_database, tmp_path, lines, said):
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    with pytest.raises(DataError, match=said), open_database("sqlite").writing() as session:
        import_project(session, SOMEBODY, tmp_path / "p.jsonl")


def test_a_project_that_is_there_already_is_not_taken_in_twice(exported, bench, tmp_path):
    with pytest.raises(DataError, match="line 2: does not fit"), bench.database.writing() as session:
        import_project(session, SOMEBODY, tmp_path / "p.jsonl")


def test_only_a_curator_exports_and_each_export_is_noted(exported, bench, tmp_path):
    with pytest.raises(RefusedError, match="you are rater"), bench.database.writing() as session:
        export_project(session, bench.people["r1"], bench.id, tmp_path / "q.jsonl")
    with bench.database.reading() as session:
        assert session.scalar(select(Audit.actor).where(Audit.action == "project.export")) == "curator"


def into_folder(bench):
    with bench.database.writing() as session:
        return write_to_folder(session, bench.people["curator"], bench.id, bench.folder)


def test_ratings_and_raters_go_into_the_folder_where_align_reads_them(database, bench_of, now):
    rules = Rules(anchor_share=0.25)
    bench = bench_of(database, 8, texts="narratives", rules=rules, n_raters=2, authors=("m1", "m2"))
    bench.rate_all({"r1": [5, 5, 4, 4, 3, 3], "r2": 3})
    bench.rate_all({"r1": 4}, now + timedelta(days=9))
    disputed = bench.items()[0].id
    with database.writing() as session:
        decide(session, bench.people["adjudicator"], disputed, FIVES, "seen", now + timedelta(days=10))
    written = into_folder(bench)
    assert (written.n_ratings, written.n_raters, written.n_references) == (32 + 4 + 1, 3, 0)
    assert into_folder(bench).n_ratings == 0
    read = read_rating_table(bench.folder)
    assert [(rater.id, rater.kind, rater.adjudicates) for rater in read.raters] == [
        ("adjudicator", "human", True), ("r1", "human", False), ("r2", "human", False),
    ]  # fmt: skip
    study = align(read, Bootstrap(n_resamples=20))
    assert [rater.id for rater in study.panel] == ["r1", "r2"]
    assert study.adjudication.n_adjudicated == 1
    (retest,) = [row for row in study.stability if (row.rater, row.measure) == ("r1", "macro")]
    assert retest.retest_exact.n == 4


def test_certified_references_go_into_the_folder_with_their_certificate(bench, now):
    worked_on(bench, now)
    written = into_folder(bench)
    assert (written.n_ratings, written.n_references) == (0, 1)
    assert written.n_kept_back > 0
    assert into_folder(bench).n_references == 0
    (certified,) = [one for one in bench.folder.iter_references() if one.certificate is not None]
    assert (certified.text, certified.author) == ("A better text.\u2028", "adjudicator")
    assert certified.id == f"{certified.case_id}:ref@2"
    vouched = certified.certificate
    assert (vouched.certified_by, vouched.certified_on) == ("adjudicator", "2026-03-02")


def test_a_rating_that_differs_in_the_folder_and_a_person_called_like_a_judge_are_refused(database, bench_of, now):
    bench = bench_of(database, 1, texts="narratives")
    bench.rate_all({"r1": 4})
    append_records(bench.folder.path / "raters.jsonl", [Rater(id="r1", kind="llm")])
    with pytest.raises(DataError, match="'r1' is a rater of kind llm"):
        into_folder(bench)
    (bench.folder.path / "raters.jsonl").unlink()
    into_folder(bench)
    path = bench.folder.path / "ratings.jsonl"
    path.write_text(path.read_text().replace('"safety":4.0', '"safety":1.0'))
    with pytest.raises(DataError, match="line 1: has other scores"):
        into_folder(bench)


HOSTILE = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_a_spreadsheet_would_compute_is_quoted(text):
    ((cell, number),) = csv.reader(io.StringIO(table([(text, -3.5)]), newline=""), strict=True)
    assert (cell, number) == (f"'{text}", "-3.5")


@given(st.lists(st.tuples(NAMES, st.floats(allow_nan=False), st.none() | st.integers()), min_size=1))
def test_a_table_is_read_back_as_it_was_and_numbers_stay_numbers(rows):
    back = list(csv.reader(io.StringIO(table(rows), newline=""), strict=True))
    assert [row[0].removeprefix("'") for row in back] == [row[0].removeprefix("'") for row in rows]
    assert [float(row[1]) for row in back] == [row[1] for row in rows]
    assert [row[2] for row in back] == ["" if row[2] is None else str(row[2]) for row in rows]
    assert not any(row[0].startswith(("=", "+", "-", "@", "\t", "\r")) for row in back)


def test_the_table_of_ratings_has_a_row_for_each(bench, now):
    worked_on(bench, now)
    with bench.database.writing() as session:
        text = ratings_csv(session, bench.people["curator"], bench.id)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.endswith("\r\n")
    assert (rows[0]["rater"], rows[0]["safety"], rows[0]["uncertain"], rows[0]["reason"]) == ("r1", "5", "True", "é 😀")
    assert rows[1]["note"] == '\'=1+1, "so"'
    with pytest.raises(RefusedError), bench.database.writing() as session:
        ratings_csv(session, bench.people["r1"], bench.id)


def test_the_people_a_project_brings_can_do_nothing_until_let_in(exported, open_database, tmp_path):
    database = open_database("sqlite")
    with database.writing() as session:
        project = import_project(session, SOMEBODY, tmp_path / "p.jsonl")
        user = session.scalars(select(User).where(User.name == "r1")).one()
        assert (user.password_hash, user.is_admin) == (None, False)
        set_member(session, SOMEBODY, project.id, user.id, None)
