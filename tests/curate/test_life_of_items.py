"""Whatever people do, in whatever order: who may rate, decide and certify, and what stays as it was."""

from collections import Counter
from copy import copy
from datetime import timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from dermatrust.curate.adjudication import decide
from dermatrust.curate.assignment import next_assignment
from dermatrust.curate.certify import certify, release
from dermatrust.curate.copying import copy_database
from dermatrust.curate.keeping import keep, take_back
from dermatrust.curate.problems import WorkbenchError
from dermatrust.curate.projects import set_member
from dermatrust.curate.ratings import Entered, draft_of, save_draft, submit
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Adjudication, Anchor, Assignment, Certificate, Item, Rating, TextVersion
from dermatrust.curate.texts import latest_text, revise
from dermatrust.curate.trail import verify
from dermatrust.records import DIMENSIONS

RATERS = st.sampled_from(["r1", "r2", "r3"])
PEOPLE = st.sampled_from(["r1", "r1", "r1", "r2", "r2", "r3", "adjudicator", "curator", "outsider"])
SCORES = st.sampled_from([[5] * 6, [4] * 6, [2] * 6, [5, 5, 5, 5, 5, 4], [5, 4, 5, 5, 5, 5]]).map(
    lambda six: dict(zip(DIMENSIONS, six, strict=True))
)
KEEPERS = st.sampled_from(["curator", "curator", "curator", "r1", "outsider"])
TOGETHER = st.sampled_from([["r1"], ["r2", "r3"], ["r3", "r1", "r2"]])
FIVES = st.just(dict.fromkeys(DIMENSIONS, 5))
ITEMS = st.integers(0, 3)
SLOTS = 2


class Life(RuleBasedStateMachine):
    """Four items, one of them an anchor, two slots, three raters. Every refusal is one of ours."""

    make = None
    """Makes a project in a new database; set by the tests."""

    def __init__(self):
        super().__init__()
        self.bench, self.now = self.make()
        with self.bench.database.reading() as session:
            self.items = session.scalars(select(Item.id).order_by(Item.number)).all()
            self.anchors = set(session.scalars(select(Anchor.item_id)))
        self.frozen = {}

    def teardown(self):
        assert verify(self.bench.database).broken is None
        self.bench.database.close()

    def act(self, what, *arguments, **more):
        try:
            with self.bench.database.writing() as session:
                return what(session, *arguments, **more)
        except WorkbenchError:
            return None

    @initialize(first=SCORES, second=SCORES, n_raters=st.sampled_from([2, 2, 1, 1, 0]), alike=st.booleans())
    def begin(self, first, second, n_raters, alike):
        """Begin with all that two raters, or one, will rate for now, or with nothing."""
        for rater, scores in [("r1", first), ("r2", first if alike else second)][:n_raters]:
            while (turn := self.turn_of(rater)) is not None:
                self.act(submit, self.bench.people[rater], turn.id, 0, Entered(scores=scores), self.now)

    @rule(minutes=st.sampled_from([1, 20, 45, 60 * 24 * 8]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    def turn_of(self, rater):
        return self.act(next_assignment, self.bench.people[rater], self.bench.id, self.now)

    def own_turn(self, rater, late):
        """Return what the rater works on; late, what the rater had begun and lost."""
        if not late:
            return self.turn_of(rater)
        lost = select(Assignment).where(Assignment.rater_id == self.bench.people[rater].user_id)
        with self.bench.database.reading() as session:
            return session.scalars(lost.where(Assignment.state == "returned")).first()

    @rule(rater=RATERS)
    def take(self, rater):
        self.turn_of(rater)

    @rule(who=KEEPERS, raters=TOGETHER, number=ITEMS, hours=st.sampled_from([1, 48]))
    def keep(self, who, raters, number, hours):
        item_id, ids = self.one_that_is(number, "open"), [self.bench.people[name].user_id for name in raters]
        self.act(keep, self.bench.people[who], self.bench.id, [item_id], ids, timedelta(hours=hours), self.now)

    @rule(who=KEEPERS, rater=RATERS, number=ITEMS, what_is_begun=st.booleans())
    def take_back(self, who, rater, number, what_is_begun):
        own = select(Assignment).where(Assignment.rater_id == self.bench.people[rater].user_id)
        with self.bench.database.reading() as session:
            turns = session.scalars(own.order_by(Assignment.item_id, Assignment.round)).all()
            begun = {turn.id for turn in turns if turn.state in ("draft", "submitted")}
        if what_is_begun:
            turns = [turn for turn in turns if turn.state == "draft"] or turns
        if turns:
            turn_id = turns[number % len(turns)].id
            self.act(take_back, self.bench.people[who], self.bench.id, turn_id, self.now)
            with self.bench.database.reading() as session:
                assert turn_id not in begun or session.get(Assignment, turn_id).state in ("draft", "submitted")

    @rule(rater=RATERS, scores=SCORES, version=st.integers(0, 3), late=st.booleans())
    def enter(self, rater, scores, version, late):
        turn = self.own_turn(rater, late)
        if turn is not None:
            person = self.bench.people[rater]
            self.act(save_draft, person, turn.id, version, Entered(scores=scores), self.now)

    @rule(rater=RATERS, scores=SCORES, number=ITEMS)
    def enter_and_have_it_taken_back(self, rater, scores, number):
        self.enter(rater, scores, 0, False)
        self.take_back("curator", rater, number, True)

    @rule(rater=RATERS, scores=SCORES, uncertain=st.booleans(), late=st.booleans())
    def hand_in(self, rater, scores, uncertain, late):
        turn = self.own_turn(rater, late)
        if turn is not None:
            person, entered = self.bench.people[rater], Entered(scores=scores, uncertain=uncertain, reason="because")
            with self.bench.database.reading() as session:
                draft = draft_of(session, person, turn.id)
            self.act(submit, person, turn.id, draft.version if draft else 0, entered, self.now)

    def one_that_is(self, number, *states):
        """Return an item in one of these states where there is one, or else any: refusals are to be met too."""
        with self.bench.database.reading() as session:
            query = select(Item.id).where(Item.state.in_(states)).order_by(Item.number)
            fit = session.scalars(query).all() or self.items
        return fit[number % len(fit)]

    @rule(who=PEOPLE, number=ITEMS, scores=SCORES)
    def decide(self, who, number, scores):
        item_id = self.one_that_is(number, "disputed")
        self.act(decide, self.bench.people[who], item_id, scores, "seen", self.now)

    @rule(rater=RATERS, number=ITEMS, scores=SCORES)
    def decide_as_a_rater_made_adjudicator(self, rater, number, scores):
        self.change_role(rater, "adjudicator")
        self.decide(rater, number, scores)
        self.change_role(rater, "rater")

    @rule(who=PEOPLE, number=ITEMS, text=st.sampled_from(["One.", "Two.", " "]), parent=st.sampled_from([1, 1, 2]))
    def revise(self, who, number, text, parent):
        item_id = self.one_that_is(number, "agreed", "adjudicated")
        self.act(revise, self.bench.people[who], item_id, parent, text, self.now)

    @rule(
        who=PEOPLE,
        number=ITEMS,
        scores=FIVES | SCORES,
        minutes=st.sampled_from([0, 1, 4, 30]),
        shown=st.sampled_from([True, True, True, False]),
    )
    def certify(self, who, number, scores, minutes, shown):
        item_id, at = self.one_that_is(number, "agreed", "adjudicated"), self.now - timedelta(minutes=minutes)
        with self.bench.database.reading() as session:
            sha256 = latest_text(session, item_id).sha256 if shown else "0" * 64
        made = self.act(certify, self.bench.people[who], item_id, scores, sha256, at, self.now)
        if made is not None:
            assert set(scores.values()) == {5}
            assert shown
            assert minutes <= 5

    @rule(who=PEOPLE, number=ITEMS)
    def release(self, who, number):
        self.act(release, self.bench.people[who], self.one_that_is(number, "certified"))

    @rule(who=st.sampled_from(["r1", "r3", "adjudicator"]), role=st.sampled_from(["rater", "adjudicator"]))
    def take_a_role(self, who, role):
        self.change_role(who, role)

    def change_role(self, who, role):
        self.act(set_member, self.bench.people["curator"], self.bench.id, self.bench.people[who].user_id, role)

    @invariant()
    def an_item_has_at_most_k_distinct_raters(self):
        with self.bench.database.reading() as session:
            turns = session.scalars(select(Assignment).where(Assignment.slot.is_not(None), Assignment.round == 1)).all()
        assert all(n == 1 for n in Counter((turn.item_id, turn.rater_id) for turn in turns).values())
        per_item = Counter(turn.item_id for turn in turns)
        assert all(n <= SLOTS for item_id, n in per_item.items() if item_id not in self.anchors)

    @invariant()
    def what_is_kept_or_begun_holds_a_place_and_is_held_by_who_may_rate(self):
        with self.bench.database.reading() as session:
            for turn in session.scalars(select(Assignment)):
                assert (turn.slot is None) == (turn.state == "returned")
                assert turn.place > 0 or turn.state in ("assigned", "draft", "returned")

    @invariant()
    def what_was_submitted_never_changes(self):
        with self.bench.database.reading() as session:
            stored = {one.id: (one.scores, one.uncertain, one.frozen_at) for one in session.scalars(select(Rating))}
        assert stored.items() >= self.frozen.items()
        self.frozen = stored

    @invariant()
    def an_adjudicator_is_no_rater_of_the_item(self):
        with self.bench.database.reading() as session:
            for made in session.scalars(select(Adjudication)):
                raters = session.scalars(select(Assignment.rater_id).where(Assignment.item_id == made.item_id)).all()
                assert made.adjudicator_id not in raters
                assert len(made.assignment_ids) >= SLOTS

    @invariant()
    def what_is_certified_was_rated_by_all_and_is_the_latest_text(self):
        with self.bench.database.reading() as session:
            certified = {
                item_id: version_id
                for version_id, item_id in session.execute(
                    select(TextVersion.id, TextVersion.item_id).join(
                        Certificate, Certificate.text_version_id == TextVersion.id
                    )
                )
            }
            for item in session.scalars(select(Item)):
                assert (item.state in ("certified", "released")) == (item.id in certified)
                submitted = select(Assignment.id).where(
                    Assignment.item_id == item.id, Assignment.state == "submitted", Assignment.round == 1
                )
                n = len(session.scalars(submitted).all())
                assert (item.state == "open") == (n < SLOTS)
                if item.id in certified:
                    assert latest_text(session, item.id).id == certified[item.id]


def life_on(kind, open_database, bench_of, now):
    """The machine, on a copy of one project for each run."""
    template = bench_of(open_database("sqlite"), 4, rules=Rules(slots=SLOTS, anchor_share=0.25))

    def make():
        bench = copy(template)
        bench.database = open_database(kind)
        copy_database(template.database, bench.database)
        return bench, now

    return type("LifeHere", (Life,), {"make": staticmethod(make)})


@pytest.fixture(params=["sqlite", "postgresql"])
def life(request, open_database, bench_of, now):
    return life_on(request.param, open_database, bench_of, now)


def test_no_order_of_acts_breaks_a_rule(life):
    run_state_machine_as_test(life, settings=settings(max_examples=8, stateful_step_count=25))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("quarter", range(4))
def test_no_order_of_acts_breaks_a_rule_in_200_runs_of_50(life, quarter):
    run_state_machine_as_test(life, settings=settings(max_examples=50, stateful_step_count=50, database=None))


def anybody_decides(monkeypatch):
    monkeypatch.setattr("dermatrust.curate.adjudication._check_not_rater", lambda *arguments: None)


def fours_will_do(monkeypatch):
    monkeypatch.setattr("dermatrust.curate.certify.HIGHEST", 4)


def any_text_will_do(monkeypatch):
    monkeypatch.setattr("dermatrust.curate.certify.latest_text", lambda *arguments: AnyText(latest_text(*arguments)))


def what_is_begun_is_taken_back(monkeypatch):
    monkeypatch.setattr("dermatrust.curate.keeping.may_be_taken_back", lambda turn, *more: turn.state == "draft")


def one_rater_too_many(monkeypatch):
    for room in ("assignment", "keeping"):
        monkeypatch.setattr(f"dermatrust.curate.{room}.rules_of", lambda project: Rules(slots=SLOTS + 1))


FAULTS = [anybody_decides, fours_will_do, any_text_will_do, one_rater_too_many, what_is_begun_is_taken_back]


class AnyText:
    """A text whose hash is equal to every other."""

    def __init__(self, text):
        self.id, self.number, self.sha256 = text.id, text.number, Everything(text.sha256)


class Everything(str):
    __hash__ = str.__hash__

    def __ne__(self, other):
        return False


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_the_machine_notices_a_rule_that_is_broken(open_database, bench_of, now, monkeypatch, fault):
    fault(monkeypatch)
    until_seen = settings(
        max_examples=100, stateful_step_count=40, database=None, derandomize=True, phases=[Phase.generate]
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(life_on("sqlite", open_database, bench_of, now), settings=until_seen)
