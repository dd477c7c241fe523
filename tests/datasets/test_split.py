import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.datasets.check import check_dataset
from dermatrust.datasets.groups import Groups
from dermatrust.datasets.split import split_cases
from dermatrust.datasets.split_folder import split_folder
from dermatrust.errors import DataError
from dermatrust.records import Case
from dermatrust.store import DatasetFolder

SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}

optional = st.one_of(st.none(), st.sampled_from("pqrstuvw"))
some_cases = st.lists(st.tuples(optional, optional, st.sampled_from([None, "x", "y"])), min_size=3, max_size=40).map(
    lambda rows: [Case(id=f"c{i}", patient_id=p, file_family=f, label=x) for i, (p, f, x) in enumerate(rows)]
)


def cases_of(n, **fields):
    return [Case(id=f"c{i:04d}", **{k: v(i) for k, v in fields.items()}) for i in range(n)]


def test_groups_join_through_others_as_reachability_says():
    groups = Groups()
    for a, b in [("a", "b"), ("c", "d"), ("b", "c"), ("e", "e")]:
        groups.join(a, b)
    assert groups.root("a") == groups.root("d") != groups.root("e")


@given(some_cases, st.integers(0, 5))
def test_no_patient_and_no_family_is_in_two_splits(cases, seed):
    try:
        split = split_cases(cases, SHARES, seed=seed)
    except DataError:
        return  # too few groups, tested below
    assert split.assignment.keys() == {case.id for case in cases}
    for key in ("patient_id", "file_family"):
        seen = {}
        for case in cases:
            value = getattr(case, key)
            if value is not None:
                assert seen.setdefault(value, split.assignment[case.id]) == split.assignment[case.id]
    assert sum(split.n_cases.values()) == len(cases)
    assert sum(split.achieved.values()) == pytest.approx(1)


@given(some_cases, st.integers(0, 5), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_split_depends_on_the_seed_and_not_on_the_order(cases, seed, random):
    shares = {"train": 0.5, "test": 0.5}
    try:
        split = split_cases(cases, shares, seed=seed)
    except DataError:
        return
    random.shuffle(cases)
    assert split_cases(cases, shares, seed=seed).assignment == split.assignment


def test_another_seed_gives_another_split():
    cases = cases_of(200, label=lambda i: "xy"[i % 2])
    assert split_cases(cases, SHARES, seed=1).assignment != split_cases(cases, SHARES, seed=2).assignment


def test_four_cases_worked_by_hand():
    # Patient p has two cases, so p is dealt first, to train (a tie); test is then owed one x and one y.
    cases = [
        Case(id="a1", patient_id="p", label="x"),
        Case(id="a2", patient_id="p", label="y"),
        Case(id="b", label="x"),
        Case(id="c", label="y"),
    ]
    split = split_cases(cases, {"train": 0.5, "test": 0.5})
    assert split.assignment == {"a1": "train", "a2": "train", "b": "test", "c": "test"}
    assert (split.n_groups, split.by_label) == (3, {"x": {"train": 1, "test": 1}, "y": {"train": 1, "test": 1}})


def test_shares_and_labels_come_close_to_what_was_asked():
    cases = cases_of(1000, patient_id=lambda i: f"p{i // 3}", label=lambda i: "rare" if i % 20 == 0 else "common")
    split = split_cases(cases, SHARES)
    for name, share in SHARES.items():
        assert split.achieved[name] == pytest.approx(share, abs=0.005)
        assert split.by_label["rare"][name] == pytest.approx(50 * share, abs=1)


def test_labels_that_occur_once_are_shared_out_too():
    cases = cases_of(200, label=lambda i: f"label {i}")
    assert split_cases(cases, SHARES).achieved == pytest.approx(SHARES, abs=0.006)


def test_linked_cases_stay_together_and_chains_hold():
    cases = cases_of(30)
    links = [("c0000", "c0010"), ("c0010", "c0020"), ("c0021", "c0029")]
    split = split_cases(cases, SHARES, linked=links)
    assert split.n_groups == 27
    assert all(split.assignment[a] == split.assignment[b] for a, b in links)


def test_a_patient_and_a_family_of_the_same_name_are_not_the_same():
    cases = [Case(id="a", patient_id="x"), Case(id="b", file_family="x"), Case(id="x")]
    assert split_cases(cases, {"train": 0.5, "test": 0.5}).n_groups == 3


def test_a_share_of_zero_leaves_the_split_out():
    split = split_cases(cases_of(10), {"train": 0.8, "val": 0.0, "test": 0.2})
    assert split.n_cases == {"train": 8, "test": 2}


@pytest.mark.parametrize("shares", [{"train": 0.7, "test": 0.2}, {"train": 1.2, "test": -0.2}, {}])
def test_shares_that_do_not_add_up_are_an_error(shares):
    with pytest.raises(DataError, match="expected shares from 0 to 1 that add up to 1"):
        split_cases(cases_of(10), shares)


@pytest.mark.parametrize("n", [0, 5])
def test_fewer_groups_than_splits_are_an_error(n):
    with pytest.raises(DataError, match="at least 3 groups for 3 splits"):
        split_cases(cases_of(n, patient_id=lambda i: f"p{i % 2}"), SHARES)


def test_a_folder_is_split_in_place_and_then_leaks_nothing(dataset, picture):
    names = [f"images/{i}.png" for i in range(12)]
    cases = [{"id": f"c{i}", "file_names": (n,), "patient_id": f"p{i // 2}"} for i, n in enumerate(names)]
    pictures = {names[0]: picture(99), names[11]: picture(99).resize((70, 60))}
    folder = dataset(*cases, pictures=pictures)
    before = list(DatasetFolder.open(folder).iter_cases())
    images = {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}
    split = split_folder(folder, {"train": 0.5, "test": 0.5})
    after = list(DatasetFolder.open(folder).iter_cases())
    assert [case.split for case in after] == [split.assignment[case.id] for case in before]
    assert [case.model_copy(update={"split": None}) for case in after] == before
    assert split.assignment["c0"] == split.assignment["c11"]  # nearly the same picture
    assert "split leakage" not in {finding.kind for finding in check_dataset(folder).findings}
    assert images == {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}


def test_splits_that_are_there_are_not_lost_unasked(dataset):
    folder = dataset({"id": "a", "split": "test"}, {"id": "b"})
    content = (folder / "metadata.jsonl").read_bytes()
    with pytest.raises(DataError, match=r"in the splits test already. Say --replace"):
        split_folder(folder, {"train": 0.5, "test": 0.5})
    assert (folder / "metadata.jsonl").read_bytes() == content
    split_folder(folder, {"train": 0.5, "test": 0.5}, replace=True)
    assert {case.split for case in DatasetFolder.open(folder).iter_cases()} == {"train", "test"}
