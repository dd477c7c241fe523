"""T08: nothing a rater is sent tells whose a text is, its label, what others gave it, or that it is an anchor."""

import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Assignment, Image, Item, Rating

SECRETS = ("drafter", "secret-label", "secret-category", "ben", "judy", "cora", "anchor", "c1:ref", "p1")


def everything_sent(client, site) -> Iterator[tuple[str, str]]:
    """Rate all there is, and yield what came back: head, body and address of each answer, named."""
    answer = client.post(f"/projects/{site.bench.id}/next")
    while answer.headers["location"].startswith("/rate/"):
        yield "next", described(answer)
        page = client.get(answer.headers["location"])
        yield "page", described(page)
        case = json.loads(re.search(r'id="case">(.*?)</script>', page.text)[1])
        for path in case["images"]:
            yield "image", described(client.get(path))
        sent = {"version": 0, "scores": dict.fromkeys(re.findall(r'data-dimension="(\w+)"', page.text), 3)}
        yield "draft", described(client.put(f"/rate/{case['id']}/draft", json=sent))
        yield "submit", described(client.post(f"/rate/{case['id']}/submit", json=sent | {"version": 1}))
        yield "queue", described(client.get(f"/projects/{site.bench.id}/queue"))
        answer = client.post(f"/projects/{site.bench.id}/next")


def described(answer) -> str:
    assert answer.status_code in (200, 303), answer.text
    return f"{answer.url} {dict(answer.headers)} {answer.content.decode('latin-1')}"


def leaks(sent: str, site) -> list[str]:
    found = [word for word in SECRETS if re.search(rf"(?<![A-Za-z0-9_-]){re.escape(word)}(?![A-Za-z0-9_-])", sent)]
    with site.database.reading() as session:
        ids = [
            *session.scalars(select(Item.id)),
            *session.scalars(select(Image.id)),
            *session.scalars(select(Image.file_name)),
        ]
    return found + [one for one in ids if one in sent]


@pytest.mark.parametrize("share_kept", [0, 0.5])
@pytest.mark.parametrize("n_cases", [12, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_leaks(site_of, n_cases, share_kept):
    site = site_of(n_cases, rules=Rules(anchor_share=0.25, slots=3))
    if share_kept:
        keep_for(site, "ann", range(1, round(share_kept * n_cases) + 1))
    ben = site.client("ben")
    for _ in range(n_cases // 2):
        site.rate(ben, [0, 1, 2, 3, 4, 5], note="a note of ben", uncertain=True, reason="a reason of ben")
    found = {}
    n_sent = 0
    for name, sent in everything_sent(site.client("ann"), site):
        n_sent += 1
        assert "of ben" not in sent
        plain = sent.replace("/static/", "")
        if leaks(plain, site):
            found.setdefault(name, (leaks(plain, site), plain[:300]))
    assert n_sent >= 5 * n_cases
    assert not found


def keep_for(site, name, numbers):
    cora = site.client("cora")
    chosen = [item.id for item in site.items() if item.number in numbers]
    sent = {"item": chosen, "rater": str(site.user(name).id), "days": "30"}
    assert f"{len(chosen)} kept" in cora.post(f"/projects/{site.bench.id}/assign", data=sent).text


@pytest.mark.parametrize("kept", [(), (1, 2, 3, 4)])
def test_an_anchor_its_repeat_and_what_was_kept_look_like_other_cases(site_of, kept):
    site = site_of(8, rules=Rules(anchor_share=0.25))
    if kept:
        keep_for(site, "ann", kept)
    client = site.client("ann")
    shapes = {}
    while True:
        answer = client.post(f"/projects/{site.bench.id}/next")
        if not answer.headers["location"].startswith("/rate/"):
            if site.clock.moment.day > 10:
                break
            site.clock.move(days=8)
            client = site.client("ann")
            continue
        page = client.get(answer.headers["location"])
        case = json.loads(re.search(r'id="case">(.*?)</script>', page.text)[1])
        images = [client.get(path) for path in case["images"]]
        shapes[case["id"]] = (
            sorted(case), len(case["id"]), len(page.content) - len(json.dumps(case)), sorted(page.headers),
            [(image.content, sorted(image.headers)) for image in images],
        )  # fmt: skip
        sent = {"version": 0, "scores": dict.fromkeys(re.findall(r'data-dimension="(\w+)"', page.text), 3)}
        assert client.post(f"/rate/{case['id']}/submit", json=sent).status_code == 200
    with site.database.reading() as session:
        anchors = set(session.scalars(select(Anchor.item_id)))
        turns = session.scalars(select(Assignment)).all()
        kinds = {turn.id: (turn.item_id in anchors, turn.round) for turn in turns}
    assert sorted(kinds.values()) == [(False, 1)] * 6 + [(True, 1)] * 2 + [(True, 2)] * 2
    by_kind = {}
    for ident, (keys, length, _, headers, images) in shapes.items():
        by_kind.setdefault(kinds[ident], set()).add((tuple(keys), length, tuple(headers), str(images)))
    assert len({str(sorted(shape)) for shape in by_kind.values()}) == 1
    sizes = {kinds[ident]: shape[2] for ident, shape in shapes.items()}
    assert max(sizes.values()) - min(sizes.values()) <= 12  # escapes of the text, and the digits of "Case 10"


def test_a_photograph_leaves_without_what_the_camera_wrote(site, tmp_path):
    from PIL import Image as Picture

    path = site.bench.folder.path / "images" / "c1.png"
    assert path.is_file()
    client = site.client("ann")
    case = site.take(client)
    answer = client.get(case["images"][0])
    (tmp_path / "seen.jpg").write_bytes(answer.content)
    with Picture.open(tmp_path / "seen.jpg") as seen:
        assert (seen.size, seen.format) == ((8, 6), "JPEG")
        assert not seen.getexif()
        assert not {"comment", "icc_profile", "xmp"} & set(seen.info)


def test_the_start_page_and_the_bar_tell_a_rater_nothing_about_others(site):
    site.rate(site.client("ben"), 2)
    client = site.client("ann")
    for path in ("/", f"/projects/{site.bench.id}/queue", f"/projects/{site.bench.id}/certify", "/help", "/account"):
        text = client.get(path).text
        assert not leaks(text, site), path
    with site.database.reading() as session:
        assert len(session.scalars(select(Rating)).all()) == 1
