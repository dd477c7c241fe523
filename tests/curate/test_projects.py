import pytest
from PIL import Image as Picture
from sqlalchemy import func, select

from dermatrust.audit.finding import ReferenceFinding
from dermatrust.audit.finding_table import write_findings
from dermatrust.curate.blind import blind_image
from dermatrust.curate.problems import ConflictError, NotFoundError, RefusedError
from dermatrust.curate.projects import create_project, image_bytes, pick, read_images, review_image, set_member
from dermatrust.curate.queue import read_queue
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Image, Item, Member, Project, TextVersion
from dermatrust.errors import DataError


def test_a_project_holds_every_reference_with_its_image_and_first_text(bench):
    with bench.database.reading() as session:
        items = session.scalars(select(Item).order_by(Item.number)).all()
        assert [item.source_id for item in items] == ["c1:ref", "c2:ref", "c3:ref"]
        assert len({item.id for item in items}) == 3
        assert all(len(item.id) == 16 for item in items)
        versions = session.scalars(select(TextVersion)).all()
        assert {(one.number, one.author_id, one.edit_distance) for one in versions} == {(1, None, 0.0)}
        assert "text" not in items[0].source
        project = session.get(Project, bench.id)
        image = session.scalars(select(Image).where(Image.file_name == "images/c1.png")).one()
        assert (image.width, image.height, image.media_type) == (8, 6, "image/png")
        assert image_bytes(project, image) == (bench.folder.path / "images/c1.png").read_bytes()


def test_narratives_of_several_models_are_items_of_their_own(open_database, bench_of):
    bench = bench_of(open_database("sqlite"), 2, texts="narratives", authors=("m1", "m2"))
    assert [item.source_id for item in bench.items()] == ["c1:m1", "c1:m2", "c2:m1", "c2:m2"]


def test_an_image_that_changed_since_is_not_shown(bench):
    (bench.folder.path / "images/c1.png").write_bytes(b"another picture")
    with bench.database.reading() as session:
        image = session.scalars(select(Image).where(Image.file_name == "images/c1.png")).one()
        with pytest.raises(NotFoundError, match="has changed"):
            image_bytes(session.get(Project, bench.id), image)


def test_anchors_are_a_share_of_the_items_chosen_by_the_seed(open_database, bench_of):
    chosen = []
    for _ in range(2):
        bench = bench_of(open_database("sqlite"), 40, rules=Rules())
        with bench.database.reading() as session:
            chosen.append(session.scalars(select(Item.number).join(Anchor, Anchor.item_id == Item.id)).all())
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 2


def test_a_second_project_of_the_same_name_is_a_conflict(bench):
    picked = pick(bench.folder, "references")
    with pytest.raises(ConflictError, match="'p' exists"), bench.database.writing() as session:
        create_project(session, bench.people["curator"], "p", bench.folder, picked, read_images(bench.folder, picked))


def test_a_queue_of_case_ids_fills_the_project_in_its_order(folder_of, tmp_path):
    folder = folder_of(tmp_path / "d", 3)
    (tmp_path / "queue.csv").write_text("number;case_id\n1;c3\n2;c1\n\n", encoding="utf-8-sig")
    queue = read_queue(tmp_path / "queue.csv")
    assert queue == {"c3": "", "c1": ""}
    assert [one.text.id for one in pick(folder, "references", queue)] == ["c3:ref", "c1:ref"]


def test_the_table_of_the_reference_audit_fills_the_project_with_what_it_found(folder_of, tmp_path):
    findings = [
        ReferenceFinding("label contradicted", 0.9, "c2", "psoriasis", "", "psoriasis", "naevus", "1 of 2"),
        ReferenceFinding("too short", 0.6, "c3", "", "", "more", "5 words", ""),
        ReferenceFinding("second person", 0.5, "c2", "", "your skin", "", '=your, "skin"', ""),
    ]  # fmt: skip
    write_findings(tmp_path / "audit.csv", findings)
    queue = read_queue(tmp_path / "audit.csv")
    assert list(queue) == ["c2", "c3"]
    assert queue["c2"].splitlines()[0] == "label contradicted: naevus"
    picked = pick(folder_of(tmp_path / "d", 3), "references", queue)
    assert [(one.case.id, one.note.count("\n")) for one in picked] == [("c2", 1), ("c3", 0)]


@pytest.mark.parametrize(
    ("content", "said"),
    [("id\nc1\n", "no column case_id"), ("case_id\n", "lists no case"), ("case_id,x\n,2\n", "line 2: has no case_id")],
)
def test_a_queue_that_cannot_be_read_says_why(tmp_path, content, said):
    (tmp_path / "queue.csv").write_text(content)
    with pytest.raises(DataError, match=said):
        read_queue(tmp_path / "queue.csv")


def test_a_queue_of_unknown_cases_is_refused(folder_of, tmp_path):
    with pytest.raises(DataError, match="case 'c9', which"):
        pick(folder_of(tmp_path / "d", 1), "references", {"c9": ""})


@pytest.mark.parametrize(("size", "kind"), [((9000, 9000), "PNG"), ((16_385, 1), "PNG"), ((4, 4), "GIF")])
def test_an_image_that_is_too_large_or_no_browser_shows_is_refused(folder_of, tmp_path, size, kind):
    folder = folder_of(tmp_path / "d", 1)
    with (folder.path / "images/c1.png").open("wb") as file:
        Picture.new("1" if kind == "PNG" else "L", size).save(file, kind)
    with pytest.raises(DataError, match=r"images/c1\.png"):
        read_images(folder, pick(folder, "references"))


def test_a_withheld_image_is_shown_to_nobody(bench, now):
    turn = bench.next("r1")
    with bench.database.writing() as session:
        image = blind_image(session, bench.people["r1"], turn.id, 1)
        with pytest.raises(RefusedError, match="you are rater"):
            review_image(session, bench.people["r1"], image.id, "cleared", now)
        review_image(session, bench.people["curator"], image.id, "withheld", now)
    with bench.database.reading() as session:
        assert blind_image(session, bench.people["r1"], turn.id, 1) is None
        assert session.get(Image, image.id).reviewer_id == bench.people["curator"].user_id
    with pytest.raises(NotFoundError), bench.database.writing() as session:
        review_image(session, bench.people["curator"], "nowhere", "cleared", now)


def test_roles_are_given_changed_and_taken(bench):
    curator, person = bench.people["curator"], bench.people["outsider"].user_id

    def give(role):
        with bench.database.writing() as session:
            set_member(session, curator, bench.id, person, role)
            return session.scalar(select(func.count()).where(Member.user_id == person))

    assert [give("rater"), give("curator"), give(None), give(None)] == [1, 1, 0, 0]
    with pytest.raises(RefusedError, match="expected one of rater"):
        give("owner")
    with pytest.raises(NotFoundError), bench.database.writing() as session:
        set_member(session, curator, bench.id, 999, "rater")
