"""Bringing in datasets and projects in the browser: what is stored, what is refused, whose it is, and the keyboard."""

import io
import json
import re
from contextlib import suppress

import pytest
from PIL import Image as Picture
from sqlalchemy import select

from dermatrust.cli.curate_start import _FIRST_ONLY
from dermatrust.curate import arrivals
from dermatrust.curate.exchange import project_lines
from dermatrust.curate.projects import create_project, pick, read_images
from dermatrust.curate.routes_import import uploads_of
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Audit, Image, Item, Member, Project
from dermatrust.curate.trail import Actor, verify
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records

from .. import uploads  # noqa: TID252  # tests are no package, so there is no other way to name them
from ..archives import NAMES, packed, zipped  # noqa: TID252
from .test_loop import go, push, sign_in, tab_to

FILE = {"Content-Type": "application/octet-stream", "Accept": "application/json"}


def sent(client, content):
    return client.put("/import/file", content=content, headers=FILE)


def looked(client, content):
    """Upload something, and return the address and the text of its report."""
    answer = sent(client, content)
    assert answer.status_code == 200, answer.text
    at = answer.json()["at"]
    return at, client.get(at).text


def projects(site):
    with site.database.reading() as session:
        found = {one.name: one for one in session.scalars(select(Project))}
        session.expunge_all()
    return found


def folders(site):
    root = uploads_of(site.app.state.workbench)
    return [path for room in (root._root, root._datasets) if room.is_dir() for path in room.iterdir()]


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request, site_of):
    return site_of(3, kind=request.param)


@pytest.fixture
def other(tmp_path, folder_of):
    """Another dataset: five cases, with candidates and references."""
    (tmp_path / "elsewhere").mkdir()
    return folder_of(tmp_path / "elsewhere" / "other", 5)


def test_a_dataset_becomes_a_project(both, other):
    site, cora = both, both.client("cora")
    at, page = looked(cora, zipped(other.path, top="other/"))
    for noun, n in (("cases", 5), ("photographs", 5), ("references", 5), ("narratives", 5)):
        assert f"<dt>{noun}</dt><dd>{n}</dd>" in page
    assert list(projects(site)) == ["p"]
    answer = cora.post(at, data={"name": "new", "texts": "references", "slots": "3"})
    made = projects(site)["new"]
    assert (answer.status_code, answer.headers["location"]) == (303, f"/projects/{made.id}/progress")
    assert (made.dataset_hash, made.rules["slots"]) == (other.content_hash(), 3)
    assert cora.get(answer.headers["location"]).status_code == 200
    assert cora.get(at).status_code == 404
    with site.database.reading() as session:
        assert len(session.scalars(select(Item).where(Item.project_id == made.id)).all()) == 5
        assert session.get(Member, (made.id, site.user("cora").id)).role == "curator"
        noted = session.scalars(select(Audit).where(Audit.subject == f"project:{made.id}").order_by(Audit.id)).all()
        assert [(row.actor, row.action) for row in noted] == [
            ("cora", "project.create"), ("cora", "dataset.import"), ("cora", "member.set"),
        ]  # fmt: skip
        image = session.scalars(select(Image).where(Image.project_id == made.id)).first()
        assert cora.get(f"/projects/{made.id}/images/{image.id}").status_code == 200
    assert verify(site.database).broken is None
    assert site.client("ann").get(f"/projects/{made.id}/queue").status_code == 404


def test_what_may_identify_somebody_waits_on_the_page_images(site, other, monkeypatch):
    monkeypatch.setattr("dermatrust.datasets.image_reviews.lettering", lambda picture: True)
    at, page = looked(site.client("cora"), zipped(other.path))
    assert "<dt>photographs to be looked at</dt><dd>5</dd>" in page
    location = site.client("cora").post(at, data={"name": "new"}).headers["location"]
    images = site.client("cora").get(location.replace("progress", "images")).text
    assert images.count("a date or a name?") == 5
    stored = DatasetFolder.open(next(path for path in folders(site) if (path / "card.yaml").is_file()))
    assert {one.found for one in stored.image_reviews().values()} == {("lettering",)}


def test_a_project_comes_in_byte_for_byte_where_its_dataset_is(both, tmp_path):
    site, cora = both, both.client("cora")
    for name in ("ann", "ben"):
        site.rate(site.client(name), [5, 4, 3, 2, 1, 0], uncertain=name == "ben", reason="hair", note="é 😀")
    exported = cora.post(f"/projects/{site.bench.id}/export/download", data={"kind": "project.jsonl"}).content
    assert "as one that is here already" in looked(cora, exported)[1]
    forget(site)
    at, page = looked(cora, exported)
    assert "<dt>ratings</dt><dd>2</dd>" in page
    assert "What is wrong" not in page
    assert cora.post(at).status_code == 303
    with site.database.reading() as session:
        made = session.scalars(select(Project).where(Project.name == "p")).one()
        assert "".join(f"{line}\n" for line in project_lines(session, made.id)).encode() == exported
        assert session.scalars(select(Audit).where(Audit.action == "project.import")).one().actor == "cora"


def test_nobody_waits_while_a_project_is_looked_at_and_no_line_is_read_when_it_comes_in(site, monkeypatch):
    """Raters must be able to save: reading 32 MB takes a minute and more, and a save waits for 30 s at most."""
    cora = site.client("cora")
    exported = cora.post(f"/projects/{site.bench.id}/export/download", data={"kind": "project.jsonl"}).content
    forget(site)
    upload = uploads_of(site.app.state.workbench).begin(site.user("cora").id)
    upload.file.write_bytes(exported)
    by = Actor("cora", site.user("cora").id)
    monkeypatch.setattr("dermatrust.curate.database.LOCK_WAIT_S", 0.1)
    with site.database.writing():
        assert arrivals.look(site.database, by, upload).faults == ()
    monkeypatch.setattr(arrivals, "import_project", None)
    assert cora.post(f"/import/{upload.id}").status_code == 303
    assert not upload.room.exists()


def forget(site):
    """Take a project out of the database, which only a test may; another one on its dataset stays."""
    from sqlalchemy import text

    folder = site.bench.folder
    picked = pick(folder, "narratives")
    with site.database.writing() as session:
        create_project(session, Actor("test"), "q", folder, picked, read_images(folder, picked))
        session.add(Member(project_id=projects_id(session, "q"), user_id=site.user("cora").id, role="curator"))
    with site.database.writing() as session:
        before = site.bench.id
        items = f"(SELECT id FROM item WHERE project_id = {before})"
        turns = f"(SELECT id FROM assignment WHERE item_id IN {items})"
        if session.bind.dialect.name == "postgresql":
            session.execute(text("SET session_replication_role = replica"))
        else:
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                if "audit" not in name:
                    session.execute(text(f'DROP TRIGGER "{name}"'))
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table, where in (
            ("draft", "true"), ("rating", f"assignment_id IN {turns}"), ("assignment", f"item_id IN {items}"),
            ("item_image", f"item_id IN {items}"), ("text_version", f"item_id IN {items}"),
            ("anchor", f"item_id IN {items}"), ("item", f"project_id = {before}"), ("image", f"project_id = {before}"),
            ("member", f"project_id = {before}"), ("project", f"id = {before}"),
        ):  # fmt: skip
            session.execute(text(f"DELETE FROM {table} WHERE {where}"))


def projects_id(session, name):
    return session.scalars(select(Project.id).where(Project.name == name)).one()


def test_a_project_takes_its_photographs_from_an_uploaded_dataset_and_from_no_folder_of_its_choice(site, other):
    """The server reads and writes in a project's folder: a file must not say which one that is."""
    picked = pick(other, "references")
    with site.database.writing() as session:
        made = create_project(session, Actor("test"), "far", other, picked, read_images(other, picked))
        lines = [json.loads(line) for line in project_lines(session, made.id)]
        session.rollback()
    lines[1]["folder"] = "/etc"
    content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    cora = site.client("cora")
    at, page = looked(cora, content)
    assert "of this project is not here" in page
    assert cora.post(at).status_code == 422
    assert set(projects(site)) == {"p"}
    at, _ = looked(cora, zipped(other.path))
    assert cora.post(at, data={"name": "near"}).status_code == 303
    at, page = looked(cora, content)
    assert "What is wrong" not in page
    assert cora.post(at).status_code == 303
    found = projects(site)
    assert found["far"].folder == found["near"].folder != "/etc"
    assert cora.get(f"/projects/{found['far'].id}/images").text.count("<img") == 5
    with site.database.reading() as session:
        moved = session.scalars(select(Audit).where(Audit.action == "project.move")).one()
    assert (moved.actor, moved.before) == ("cora", {"folder": "/etc"})


def test_somebody_elses_dataset_is_not_here(site, other):
    picked = pick(other, "references")
    with site.database.writing() as session:
        create_project(session, Actor("test"), "theirs", other, picked, read_images(other, picked))
    with site.database.reading() as session:
        lines = [json.loads(line) for line in project_lines(session, projects_id(session, "theirs"))]
    lines[1]["name"] = "mine"
    content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    assert "of this project is not here" in looked(site.client("cora"), content)[1]
    assert "of this project is not here" not in looked(site.client("root"), content)[1]  # an administrator's it is


@pytest.mark.parametrize("is_same_photograph", [True, False])
def test_a_dataset_that_was_written_into_since_is_still_the_projects(site, other, is_same_photograph):
    """Its hash has changed with the first export; its photographs have not."""
    picked = pick(other, "references")
    with site.database.writing() as session:
        made = create_project(session, Actor("test"), "far", other, picked, read_images(other, picked))
        content = "".join(f"{line}\n" for line in project_lines(session, made.id)).encode()
        session.rollback()
    reference = next(other.iter_references()).model_copy(update={"id": "certified since"})
    append_records(other.path / "references.jsonl", [reference])
    if not is_same_photograph:
        (other.path / "images" / "c5.png").write_bytes(picture("blue"))
    cora = site.client("cora")
    at, _ = looked(cora, zipped(other.path))
    assert cora.post(at, data={"name": "near"}).status_code == 303
    at, page = looked(cora, content.replace(str(other.path).encode(), b"/elsewhere"))
    assert ("of this project is not here" in page) is not is_same_photograph
    assert cora.post(at).status_code == (303 if is_same_photograph else 422)
    assert ("far" in projects(site)) is is_same_photograph


def picture(colour):
    file = io.BytesIO()
    Picture.new("RGB", (8, 6), colour).save(file, "PNG")
    return file.getvalue()


FAULTS = {
    "a negative age": ("metadata.jsonl", lambda b: b.replace(b'"age":', b'"age":-', 1), "metadata.jsonl line 1"),
    "no JSON": ("references.jsonl", lambda b: b + b"{\n", "references.jsonl line 6"),
    "a case twice": ("metadata.jsonl", lambda b: b + b.splitlines()[0] + b"\n", "metadata.jsonl line 6"),
    "no card": ("card.yaml", lambda b: None, "card.yaml"),
    "a card of aliases": ("card.yaml", lambda b: b"a: &a [x]\nb: *a\n", "card.yaml"),
    "a card of brackets": ("card.yaml", lambda b: b"[" * 30_000, "card.yaml"),
    "a missing photograph": ("images/c1.png", lambda b: None, "images/c1.png"),
    "half a photograph": ("images/c1.png", lambda b: b[:40], "images/c1.png"),
    "a page for a photograph": ("images/c1.png", lambda b: b"<html>", "images/c1.png"),
    "a path outside": (
        "metadata.jsonl",
        lambda b: b.replace(b"images/c1", b"../images/c1", 1),
        "metadata.jsonl line 1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_place_and_nothing_comes_in(site, other, fault):
    name, change, place = FAULTS[fault]
    content = {path.relative_to(other.path).as_posix(): path.read_bytes() for path in other.path.rglob("*.*")}
    content[name] = change(content[name])
    cora = site.client("cora")
    at, page = looked(cora, packed({name: given for name, given in content.items() if given is not None}))
    assert "This cannot come in." in page
    assert f"<dt>{place}</dt>" in page
    assert str(other.path.parent.parent) not in page  # no path of this machine
    assert cora.post(at).status_code == 422
    assert set(projects(site)) == {"p"}


HOSTILE = {
    "nothing": b"", "text": b"hello", "JSON": b"{}", "a page": b"<html>", "a zip's mark": b"PK", "a pdf": b"%PDF-1.7",
    "a zip of a text": uploads.zip_file(), "a photograph": uploads.encoded(), "deep JSON": b"[" * 50_000,
    "deep objects": b'{"a":' * 50_000, "a gzip": b"\x1f\x8b\x08" + bytes(50), "not UTF-8": b"\xff\xfe{}",
    "a project's beginning": b'{"dermatrust_project":1}\n', "numbers": b'{"dermatrust_project":1}\n' + b"9" * 5_000,
    **{f"a name {k}": packed({name: b"x"}) for k, name in enumerate(NAMES)},
}  # fmt: skip


def test_what_is_neither_is_refused_and_leaves_nothing(site):
    cora, before = site.client("cora"), set(folders(site))
    for name, content in HOSTILE.items():
        answer = sent(cora, content)
        if content == b"":
            assert answer.status_code == 422
            continue
        assert answer.status_code == 200, name
        at = answer.json()["at"]
        assert "This cannot come in." in cora.get(at).text, name
        assert cora.post(at).status_code == 422, name
        assert cora.post(f"{at}/drop").status_code == 303
    assert set(folders(site)) == before
    assert set(projects(site)) == {"p"}


def test_a_file_may_have_so_many_bytes_and_no_more(site_of, monkeypatch):
    monkeypatch.setattr("dermatrust.curate.app.LARGEST_UPLOAD", 1024**2)
    site = site_of(1)
    cora = site.client("cora")
    assert sent(cora, bytes(1024**2)).status_code == 200
    assert sent(cora, bytes(1024**2 + 1)).status_code == 413
    assert sent(cora, (bytes(65_536) for _ in range(17))).status_code == 413  # without saying how many
    assert len(folders(site)) <= 1
    for kind in (
        "multipart/form-data; boundary=x",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
    ):
        assert cora.put("/import/file", content=b"x", headers={"Content-Type": kind}).status_code == 415
    assert cora.post("/import", content=bytes(300_000), headers=FILE).status_code == 413  # nothing else may be as large


def test_one_upload_a_person_and_only_for_an_hour(site, other):
    cora, root = site.client("cora"), site.client("root")
    first, _ = looked(cora, zipped(other.path))
    second, _ = looked(cora, zipped(other.path))
    theirs, _ = looked(root, zipped(other.path))
    assert [cora.get(at).status_code for at in (first, second, theirs)] == [404, 200, 404]
    import os

    old = uploads_of(site.app.state.workbench)._root / second.rpartition("/")[2]
    os.utime(old, (0, 0))
    looked(root, b"hello")
    assert cora.get(second).status_code == 404
    assert not old.exists()


@pytest.mark.parametrize("upload_id", ["A" * 16, "%2e%2e", "..%2f..", "A" * 17, "a.b", "%00" * 16])
def test_an_upload_that_is_not_there(site, upload_id):
    for call in (site.client("cora").get, site.client("cora").post):
        assert call(f"/import/{upload_id}").status_code in (404, 405)


def test_a_person_may_not_bring_in_more_than_so_much(site, other, monkeypatch):
    monkeypatch.setattr("dermatrust.curate.uploads.MOST_KEPT", 2_000)
    cora = site.client("cora")
    at, _ = looked(cora, zipped(other.path))
    answer = cora.post(at, data={"name": "new"})
    assert (answer.status_code, "GiB of datasets" in answer.text) == (422, True)
    assert set(projects(site)) == {"p"}
    monkeypatch.undo()
    assert cora.post(at, data={"name": "new"}).status_code == 303  # what failed is still there


def test_the_form_asks_for_all_that_the_command_line_settles_on_a_first_start(site, other):
    """With the same defaults: a project does not work otherwise because it was made in a browser."""
    at, page = looked(site.client("cora"), zipped(other.path))
    for name, field in Rules.model_fields.items():
        shown = "true" if field.default is True else f"{field.default:g}"
        wanted = rf'<option value="{shown}">' if shown == "true" else rf'[^>]* value="{shown}" required'
        assert re.search(rf' name="{name}"[^>]*>?{wanted}', page), name
    assert set(_FIRST_ONLY) == {"queue", "raters_per_narrative", "anchor_share", "rules", "seed"}
    for name in ("cases", "slots", "anchor_share", "seed", "texts", "name"):
        assert f' name="{name}"' in page
    cora = site.client("cora")
    assert cora.post(at).status_code == 303
    (made,) = [one for name, one in projects(site).items() if name != "p"]
    assert (made.name, made.rules, made.seed) == (f"{other.card.name}: narratives", Rules().model_dump(mode="json"), 0)


def test_rules_cases_and_seed_of_the_form_are_the_projects(site, other):
    cora = site.client("cora")
    at, _ = looked(cora, zipped(other.path))
    ids = [case.id for case in other.iter_cases()]
    rules = {
        "slots": 3, "anchor_share": 0.5, "repeat_days": 14.0, "anchor_tolerance": 2.0, "differ_by": 1.5,
        "differ_by_on_safety": 2.0, "settle_uncertain": False, "settle_anchor_misses": False, "lease_minutes": 45.0,
        "fresh_minutes": 10.0,
    }  # fmt: skip
    assert rules.keys() == Rules.model_fields.keys()
    assert all(value != Rules.model_fields[name].default for name, value in rules.items())
    sent_as = {name: str(value).lower() for name, value in rules.items()}
    cases = f"{ids[3]}\r\n{ids[1]}\r\n"
    form = {"name": "new", "texts": "references", "cases": cases, "seed": "7", **sent_as}
    assert cora.post(at, data=form).status_code == 303
    made = projects(site)["new"]
    assert (made.rules, made.seed) == (rules, 7)
    with site.database.reading() as session:
        items = session.scalars(select(Item).where(Item.project_id == made.id).order_by(Item.number)).all()
        assert [item.case_id for item in items] == [ids[3], ids[1]]


@pytest.mark.parametrize(
    ("cases", "said"),
    [("nowhere", "the list of cases: names case &#39;nowhere&#39;, which the dataset does not have"),
     ("id,case_id\n1", "cases line 2: has no case_id"), ("case_id\n", "lists no case")],
)  # fmt: skip
def test_cases_that_are_not_there_are_named_and_what_was_filled_in_stays(site, other, cases, said):
    cora = site.client("cora")
    at, _ = looked(cora, zipped(other.path))
    answer = cora.post(at, data={"name": "new", "cases": cases, "differ_by": "3", "settle_uncertain": "false"})
    assert answer.status_code == 422
    assert said in answer.text
    assert cases.strip() in answer.text
    assert re.search(r'name="differ_by"[^>]* value="3"', answer.text)
    assert 'value="false" selected' in answer.text
    assert str(other.path.parent.parent) not in answer.text
    assert set(projects(site)) == {"p"}
    assert cora.post(at, data={"name": "new"}).status_code == 303


@pytest.mark.parametrize("field", ["differ_by=nan", "differ_by=0", "anchor_share=1.1", "seed=-1", "lease_minutes=x"])
def test_a_rule_off_its_scale_is_refused(site, other, field):
    cora = site.client("cora")
    at, _ = looked(cora, zipped(other.path))
    assert cora.post(at, data=dict([field.split("=")])).status_code == 422
    assert set(projects(site)) == {"p"}


@pytest.mark.parametrize("form", [{"name": "p"}, {"slots": "0"}, {"slots": "21"}, {"texts": "x"}, {"name": "x" * 201}])
def test_a_project_that_cannot_be_made(site, other, form):
    cora = site.client("cora")
    at, _ = looked(cora, zipped(other.path))
    assert cora.post(at, data=form).status_code in (409, 422)
    assert set(projects(site)) == {"p"}
    assert cora.post(at, data={"name": "new"}).status_code == 303


def test_the_log_and_the_answer_hold_no_path(site, caplog):
    with suppress(ValueError), caplog.at_level("INFO"):
        for content in (uploads.zip_file(), b"hello", b'{"dermatrust_project":1}\n{'):
            _, page = looked(site.client("cora"), content)
            assert "incoming" not in page
    assert "incoming" not in caplog.text


@pytest.mark.timeout(240)
def test_by_keyboard_alone_and_a_hostile_name_does_nothing(site, other, open_page, axe_violations, tmp_path):
    expect = pytest.importorskip("playwright.sync_api").expect
    card = (other.path / "card.yaml").read_text().replace("name: d", "name: '<img src=x onerror=\"window.__xss=1\">'")
    path = tmp_path / "<img src=x onerror=alert(1)>.zip"
    path.write_bytes(zipped(other.path, **{"card__yaml": card.encode()}))
    cora = sign_in(open_page, "cora")
    cora.on("filechooser", lambda _: None)  # else the browser may not be listening yet when Enter is pressed
    go(cora, "Import a dataset or a project")
    cora.wait_for_selector("html[data-ready]", state="attached")
    tab_to(cora, cora.locator("#file"))
    with cora.expect_file_chooser() as chosen:
        cora.keyboard.press("Enter")
    chosen.value.set_files(path)
    push(cora, "Look at it")
    expect(cora.get_by_text("Would come in:")).to_be_visible(timeout=60_000)
    tab_to(cora, cora.get_by_label("Name of the project"))
    cora.keyboard.type("brought in")
    tab_to(cora, cora.locator("summary"))
    cora.keyboard.press("Enter")
    cora.keyboard.press("Tab")
    expect(cora.get_by_label("Only these cases")).to_be_focused()
    cora.keyboard.type("nowhere")
    tab_to(cora, cora.get_by_label("Share of anchors"))
    cora.keyboard.press("ControlOrMeta+a")
    cora.keyboard.type("0.5")
    tab_to(cora, cora.get_by_label("Decide where one is uncertain"))
    cora.keyboard.press("n")
    cora.expected.append("422")
    push(cora, "Import")
    expect(cora.get_by_role("alert")).to_contain_text("names case 'nowhere', which the dataset does not have")
    assert axe_violations(cora) == []
    tab_to(cora, cora.get_by_label("Only these cases"))  # what was folded in is open now, and as it was left
    cora.keyboard.press("ControlOrMeta+a")
    cora.keyboard.type(next(other.iter_cases()).id)
    push(cora, "Import")
    expect(cora.get_by_role("heading", name="brought in")).to_be_visible()
    assert cora.evaluate("window.__xss") is None
    made = projects(site)["brought in"]
    assert (made.rules["anchor_share"], made.rules["settle_uncertain"], made.rules["repeat_days"]) == (0.5, False, 7)
    assert "of 2" in cora.get_by_text("ratings given").locator("..").inner_text()
