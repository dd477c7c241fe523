import pytest

from dermatrust.report import write_report
from dermatrust.report.checklists import _FACTS, FOR_THE_AUTHORS, _checklists, checklists


@pytest.fixture
def found(make_manifest, make_table):
    return checklists(make_manifest(["m-a", "m-b"], ["lexical"]), make_table(["m-a", "m-b"], ["lexical"]))


def test_every_fact_an_item_asks_for_is_known_and_every_known_fact_is_asked_for():
    asked = {item["fact"] for one in _checklists() for item in one["items"] if "fact" in item}
    assert asked == set(_FACTS)


def test_numbers_of_items_are_texts_and_differ():
    for one in _checklists():
        numbers = [item["id"] for item in one["items"]]
        assert all(isinstance(number, str) for number in numbers)
        assert len(set(numbers)) == len(numbers)


def test_what_the_run_recorded_stands_beside_the_item(found, make_manifest):
    manifest = make_manifest(["m-a", "m-b"], ["lexical"])
    small, large = found
    assert (small.name, large.name) == ("MI-CLEAR-LLM", "TRIPOD-LLM")
    by_number = {item.number: item for item in large.items}
    assert "m-a" in by_number["6a"].recorded
    assert "lexical" in by_number["6a"].recorded
    assert manifest.started[:10] in by_number["6a"].recorded
    assert manifest.dataset.consent in by_number["13"].recorded
    assert manifest.command in by_number["4"].recorded
    assert by_number["14a"].recorded == ""  # who paid: no run can know
    assert large.n_recorded == sum(1 for item in large.items if item.recorded) < len(large.items)


def test_the_report_tells_authors_what_is_theirs(make_manifest, make_table, tmp_path):
    manifest, table = make_manifest(["m-a"], ["lexical"]), make_table(["m-a"], ["lexical"])
    write_report(tmp_path / "r.html", manifest=manifest, table=table, pages=(), n_cases_total=24)
    page = (tmp_path / "r.html").read_text()
    n_open = sum(len(one.items) - one.n_recorded for one in checklists(manifest, table))
    assert page.count(f"<strong>{FOR_THE_AUTHORS}</strong>") == n_open > 10
    for one in checklists(manifest, table):
        assert f"{one.name}: {one.n_recorded} of {len(one.items)} items begun" in page
