"""The disease table: complete, plausible, and refused with file and line where it is not."""

import csv
from pathlib import Path

import pytest

from dermatrust.atlas.disease import TABLE, Disease, load_diseases, size_range
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon

RED = {"Erythema", "Pink", "Salmon"}
HEADER = next(line for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#"))
COLUMNS = HEADER.split(",")


def _row(**changes: str) -> list[str]:
    line = next(line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("plaque-psoriasis,"))
    return list((dict(zip(COLUMNS, next(csv.reader([line])), strict=True)) | changes).values())


def _table(folder: Path, *rows: list[str]) -> Path:
    path = folder / "diseases.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    return path


def _by_urgency(urgency: str) -> list[Disease]:
    return [one for one in load_diseases() if one.diagnosis.urgency == urgency]


def test_every_category_of_the_lexicon_has_a_disease() -> None:
    wanted = {one.category for one in load_lexicon().diagnoses.values() if one.category}
    assert len(wanted) == 23
    assert {one.diagnosis.category for one in load_diseases()} == wanted


def test_forty_diseases_or_more_of_every_urgency() -> None:
    assert len(load_diseases()) >= 40
    assert len(_by_urgency("emergent")) >= 3
    assert len(_by_urgency("urgent")) >= 10
    assert len(_by_urgency("routine")) >= 20


def test_no_differential_lists_the_disease_itself_and_all_resolve() -> None:
    for one in load_diseases():
        names = [name for name, _ in one.differential]
        assert 1 < len(names) < 5, one.diagnosis.id
        assert one.diagnosis.id not in names
        assert set(names) <= set(load_lexicon().diagnoses)


def test_inflammation_is_mostly_not_red_on_dark_skin() -> None:
    for one in load_diseases():
        red = sum(weight for colour, weight in one.choices["colour_dark"] if colour in RED)
        assert red < 0.5, one.diagnosis.id
        light = sum(weight for colour, weight in one.choices["colour_light"] if colour in RED)
        assert red < light or red == light == 0, one.diagnosis.id


def test_every_emergent_disease_has_a_warning_sign_that_is_usually_there() -> None:
    for one in _by_urgency("emergent"):
        assert max(chance for _, chance in one.red_flags) >= 0.8, one.diagnosis.id


def test_no_two_diseases_look_alike_in_every_column() -> None:
    signatures = [str(sorted(one.choices.items())) + str(one.features) for one in load_diseases()]
    assert len(set(signatures)) == len(signatures)


def test_nails_are_alone_and_hair_is_lost_from_the_scalp() -> None:
    for one in load_diseases():
        sites = {site for site, _ in one.choices["sites"]}
        if "Nail" in sites:
            assert sites == {"Nail"}
            assert one.choices["count"] == (("Solitary", 1.0),)
        if dict(one.features).get("Hair loss", 0.0) > 0:
            assert sites == {"Scalp"}, one.diagnosis.id


def test_every_primary_has_sizes_it_can_take() -> None:
    for one in load_diseases():
        for primary, _ in one.choices["primary"]:
            low, high = size_range(primary, one.size_mm)
            assert low <= high


def test_sources_name_a_page() -> None:
    assert all("https://dermnetnz.org/topics/" in one.source for one in load_diseases())


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("id", "no-such-disease", "id is"),
        ("sites", "Moon:1", "sites holds"),
        ("sites", "Elbow", "sites holds"),
        ("sites", "Elbow:1|Elbow:2", "sites holds"),
        ("sites", "|", "sites is"),
        ("shape", "Round:0", "shape is"),
        ("shape", "Round:-1|Oval:2", "shape holds"),
        ("shape", "Round:nan", "shape holds"),
        ("shape", "Round:inf", "shape holds"),
        ("features", "Scale:1.2", "features gives"),
        ("red_flags", "Dizziness:0.5", "red_flags holds"),
        ("female", "1.1", "female is"),
        ("female", "-0.1", "female is"),
        ("female", "half", "female holds"),
        ("size_mm", "30-15", "size_mm is"),
        ("size_mm", "big", "size_mm holds"),
        ("size_mm", "1-5", "size_mm is"),
        ("age", "5.5-60", "age is"),
        ("age", "nan-60", "age holds"),
        ("differential", "plaque-psoriasis:1", "differential holds"),
        ("differential", "nothing:1", "differential holds"),
        ("source", "", "source"),
    ],
)
def test_a_bad_cell_is_refused_by_file_and_line(tmp_path: Path, column: str, cell: str, said: str) -> None:
    path = _table(tmp_path, _row(**{column: cell}))
    with pytest.raises(DataError, match=said) as caught:
        load_diseases(path)
    assert f"{path} line 2" in str(caught.value)


def test_a_disease_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="twice"):
        load_diseases(_table(tmp_path, _row(), _row()))


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no disease"):
        load_diseases(_table(tmp_path))


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        load_diseases(tmp_path / "none.csv")


def test_a_flat_lesion_of_the_skin_s_own_colour_shows_by_its_lost_hair():
    for disease in load_diseases():
        colours = {name for column in ("colour_light", "colour_dark") for name, _ in disease.choices[column]}
        flat = {name for name, _ in disease.choices["primary"]} & {"Macule", "Patch"}
        if flat and "Skin-coloured" in colours:
            assert dict(disease.features).get("Hair loss", 0) == 1, disease.diagnosis.id
