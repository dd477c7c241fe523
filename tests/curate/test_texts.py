import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dermatrust.curate.problems import ConflictError, NotFoundError, RefusedError
from dermatrust.curate.texts import edit_distance, latest_text, revise, save_draft, text_versions, word_diff

words = st.lists(st.sampled_from(["a", "red", "brown", "plaque.", "\n", "  ", "é😀"]), max_size=30).map(" ".join)


@given(words, words)
def test_a_diff_holds_both_texts_to_the_character(before, after):
    pieces = word_diff(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)


@given(words, words)
def test_the_edit_distance_is_a_share_and_0_only_for_the_same_words(before, after):
    distance = edit_distance(before, after)
    assert 0 <= distance <= 1
    assert (distance == 0) == (before.split() == after.split())
    assert edit_distance(before, "") == (1 if before.split() else 0)


def test_the_edit_distance_of_a_hand_worked_pair():
    # 4 words; "red" becomes "brown", "scaly" is put in: 2 changes over the 5 words of the longer text.
    assert edit_distance("A red plaque here.", "A brown plaque scaly here.") == 2 / 5


def test_a_hostile_text_keeps_the_comparison_busy_for_no_more_than_a_moment():
    assert edit_distance("a " * 10_000, "b " + "a " * 9_999) > 0  # quadratic, it would take a minute and more
    assert word_diff("a " * 10_000, "a " * 10_000)[0].kind == "same"


@pytest.fixture
def agreed(bench):
    """Three items whose two raters agree; r3 rated none."""
    bench.rate_all({"r1": 4, "r2": 4})
    return bench


def revised(bench, who, parent, new, at, **more):
    with bench.database.writing() as session:
        return revise(session, bench.people[who], bench.items()[0].id, parent, new, at, **more)


def test_a_revision_is_a_new_version_and_the_old_one_stays(agreed, now):
    first = revised(agreed, "r1", 1, "A brown macule. It is a melanoma.", now)
    second = revised(agreed, "r2", 2, "Nothing like it", now, from_scratch=True)
    with agreed.database.reading() as session:
        versions = text_versions(session, agreed.items()[0].id)
        assert [(one.number, one.from_scratch) for one in versions] == [(1, False), (2, False), (3, True)]
        assert latest_text(session, agreed.items()[0].id).text == "Nothing like it"
        assert [one.parent_id for one in versions] == [None, versions[0].id, versions[1].id]
    assert (0 < first.edit_distance < second.edit_distance) is True
    assert (first.author_id, second.author_id) == (agreed.people["r1"].user_id, agreed.people["r2"].user_id)
    with pytest.raises(DBAPIError, match="never changed"), agreed.database.engine.begin() as connection:
        connection.execute(text("UPDATE text_version SET text = 'x'"))


def test_a_revision_of_an_older_version_is_a_conflict_that_carries_the_latest(agreed, now):
    revised(agreed, "r1", 1, "First.", now)
    with pytest.raises(ConflictError) as conflict:
        revised(agreed, "r2", 1, "Second.", now)
    assert conflict.value.stored == {"number": 2, "text": "First."}


def test_a_text_revised_to_what_it_is_stays_the_version_it_is(agreed, now):
    with agreed.database.reading() as session:
        same = latest_text(session, agreed.items()[0].id).text
    assert revised(agreed, "r1", 1, same, now).number == 1


def test_a_draft_of_a_revision_is_kept_until_it_is_one(agreed, now):
    item_id = agreed.items()[0].id
    with agreed.database.writing() as session:
        assert save_draft(session, agreed.people["r1"], item_id, 0, "So far", now).version == 1
    with pytest.raises(ConflictError), agreed.database.writing() as session:
        save_draft(session, agreed.people["r1"], item_id, 0, "Other window", now)
    revised(agreed, "r1", 1, "Whole.", now)
    with agreed.database.writing() as session:
        assert save_draft(session, agreed.people["r1"], item_id, 0, "Next", now).version == 1


@pytest.mark.parametrize(
    ("who", "new", "reason"),
    [
        ("r3", "x", "role"),  # who has not rated it must not see its later texts
        ("curator", "x", "role"),
        ("r1", " \n", "incomplete"),
        ("r1", "a\0b", "unstorable"),
        ("r1", "x" * 20_001, "unstorable"),
    ],
)
def test_a_revision_that_must_not_be_is_refused(agreed, now, who, new, reason):
    with pytest.raises(RefusedError) as refused:
        revised(agreed, who, 1, new, now)
    assert refused.value.reason == reason


def test_a_text_is_not_revised_before_its_ratings_are_in(bench, now):
    mine = bench.next("r1")
    bench.submit("r1", mine)
    with pytest.raises(RefusedError) as refused, bench.database.writing() as session:
        revise(session, bench.people["r1"], mine.item_id, 1, "x", now)
    assert refused.value.reason == "too early"
    with pytest.raises(NotFoundError), bench.database.writing() as session:
        revise(session, bench.people["outsider"], mine.item_id, 1, "x", now)
