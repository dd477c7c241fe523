import dataclasses

import pytest
from sqlalchemy import select

from dermatrust.curate.blind import blind_image, blind_item
from dermatrust.curate.problems import NotFoundError
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Item, User

SECRETS = ("secret-label", "secret-category", "model-x", "drafter", "c1", "p1", "anchor")


def test_a_rater_sees_text_images_and_context_and_no_more(bench):
    mine = bench.next("r1")
    bench.submit("r2", bench.next("r2"), 2)
    with bench.database.reading() as session:
        seen = blind_item(session, bench.people["r1"], mine.id)
        item = session.get(Item, mine.item_id)
        assert seen.text.endswith(f"Nr {item.number}.")
        assert (seen.images, seen.context) == (((8, 6),), {"age": 40.0, "sex": "female"})
        image = blind_image(session, bench.people["r1"], mine.id, 1)
        assert image.file_name == f"images/c{item.number}.png"
        assert blind_image(session, bench.people["r1"], mine.id, 2) is None
        shown = repr(dataclasses.asdict(seen)).replace(mine.id, "")
        assert [one for one in (*SECRETS, item.id, item.source_id) if one in shown] == []
        assert [name for name in session.scalars(select(User.name)) if f"'{name}'" in shown] == []


def test_an_anchor_and_its_repeat_look_like_any_other_item(database, bench_of, now):
    from datetime import timedelta

    bench = bench_of(database, 1, rules=Rules(anchor_share=1))
    first = bench.next("r1")
    with database.reading() as session:
        seen = dataclasses.asdict(blind_item(session, bench.people["r1"], first.id))
    bench.submit("r1", first)
    again = bench.next("r1", now + timedelta(days=8))
    with database.reading() as session:
        repeated = dataclasses.asdict(blind_item(session, bench.people["r1"], again.id))
    assert again.id != first.id
    assert (len(again.id), seen.keys()) == (len(first.id), repeated.keys())
    assert seen | {"assignment_id": ""} == repeated | {"assignment_id": ""}


def test_another_raters_item_and_images_are_not_there(bench):
    mine = bench.next("r1")
    for look in (blind_item, lambda session, by, key: blind_image(session, by, key, 1)):
        with pytest.raises(NotFoundError), bench.database.reading() as session:
            look(session, bench.people["r2"], mine.id)
