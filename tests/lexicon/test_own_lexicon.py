"""A user's own folder of tables: changes are seen, and mistakes are named with file and line."""

import shutil

import pytest

from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.lexicon import PACKAGED


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(PACKAGED, tmp_path / "tables")


def append(folder, name, line):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    path.write_text(text + line + "\n", encoding="utf-8")
    return text.count("\n") + 1


def test_a_row_of_ones_own_is_found(folder):
    append(folder, "surfaces.csv", "Frosted,surface,frosty,,our clinic")
    assert [m.concept.name for m in load_lexicon(folder).mentions("A frosty look")] == ["Frosted"]
    assert load_lexicon().mentions("A frosty look") == []


def test_a_signature_takes_the_need_for_one_away(folder):
    path = folder / "diagnoses.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("needs clinician sign-off,no", "signed off by A. Reader 2025-01-02,no", 1), encoding="utf-8"
    )
    lexicon = load_lexicon(folder)
    assert sum(not lexicon.needs_sign_off(d) for d in lexicon.diagnoses.values()) == 1


WRONG = [
    ("findings.csv", "Glow,finding,,", "has 4 cells"),
    ("findings.csv", "Glow,finding,,,", "source is empty"),
    ("findings.csv", "Glow,glowing,,,us", "kind is 'glowing'"),
    ("findings.csv", "Papule,finding,,,us", "'Papule' is there twice"),
    ("findings.csv", '"Glow,finding,,,us', "is not CSV"),
    ("labels.csv", "ours,glow,no-such-disease,us", "diagnosis is 'no-such-disease'"),
    ("labels.csv", "ours,psoriasis,eczema,us", "'psoriasis' already means 'psoriasis'"),
    ("diagnoses.csv", "glow,glow,,a/b,Urticaria Hives,soon,needs clinician sign-off,no,us", "urgency is 'soon'"),
    (
        "diagnoses.csv",
        "glow,glow,,a/b,Urticaria Hives,urgent,needs clinician sign-off,maybe,us",
        "malignant is 'maybe'",
    ),
    ("diagnoses.csv", "glow,glow,,a/b,Glowing,urgent,needs clinician sign-off,no,us", "category is 'Glowing'"),
    ("diagnoses.csv", "glow,glow,,a/b,Urticaria Hives,urgent,fine,no,us", "urgency_status is 'fine'"),
    (
        "diagnoses.csv",
        "glow,glow,eczema,a/b,Urticaria Hives,urgent,needs clinician sign-off,no,us",
        "'eczema' already means",
    ),
    (
        "diagnoses.csv",
        "eczema,glow,,a/b,Urticaria Hives,urgent,needs clinician sign-off,no,us",
        "the id 'eczema' is there twice",
    ),
    ("cues.csv", "hardly any,before,negated,8,,us", "role is 'before'"),
    ("cues.csv", "hardly any,precedes,gone,8,,us", "status is 'gone'"),
    ("cues.csv", "hardly any,precedes,negated,far,,us", "reach is 'far'"),
    ("cues.csv", "hardly any,precedes,negated,8,shape,us", "kind is 'shape'"),
    ("cues.csv", "without,precedes,negated,8,,us", "the cue 'without' is there twice"),
]


@pytest.mark.parametrize(("name", "line", "complaint"), WRONG, ids=[complaint for _, _, complaint in WRONG])
def test_a_wrong_row_is_named_with_file_and_line(folder, name, line, complaint):
    number = append(folder, name, line)
    with pytest.raises(DataError) as error:
        load_lexicon(folder)
    assert str(error.value).startswith(f"{folder / name} line {number}: {complaint}")


def test_a_missing_table_wrong_columns_and_bytes_that_are_not_utf8_are_named(folder):
    (folder / "cues.csv").write_bytes(b"phrase,role,status,reach,kind,source\nno\xff,precedes,negated,8,,us\n")
    with pytest.raises(DataError, match=r"cues\.csv line 2: is not UTF-8"):
        load_lexicon(folder)
    (folder / "cues.csv").write_text("phrase,role\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"cues\.csv line 1: the columns are phrase, role"):
        load_lexicon(folder)
    (folder / "cues.csv").write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(DataError, match="holds no header"):
        load_lexicon(folder)
    (folder / "cues.csv").unlink()
    with pytest.raises(DataError, match="there is no such table"):
        load_lexicon(folder)
