import hashlib
import json

import pytest
from click.testing import CliRunner
from PIL import Image

from dermatrust.cli.data import data
from dermatrust.cli.data_import import SOURCES
from dermatrust.datasets.sources import READERS
from dermatrust.errors import DataError, UserError
from dermatrust.store import DatasetFolder

TABLE = "id,images,label,patient_id,reference\n" + "".join(
    f"c{i},{i}.png,{'melanoma' if i % 3 else 'eczema'},p{i // 2},A plaque.\n" for i in range(12)
)


def run(*arguments):
    return CliRunner().invoke(data, [str(argument) for argument in arguments])


def ok(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


def failure(*arguments):
    """Return the user error that the command lets through to the program's one place for them."""
    result = run(*arguments)
    assert isinstance(result.exception, UserError), result.output
    return result.exception


@pytest.fixture
def source(tmp_path):
    (tmp_path / "own").mkdir()
    for i in range(12):
        Image.effect_noise((16 + i, 16), 90).resize((64, 64)).save(tmp_path / f"own/{i}.png")
    (tmp_path / "own/mine.csv").write_text(TABLE)
    return tmp_path / "own/mine.csv"


@pytest.fixture
def imported(source, tmp_path):
    ok("import", "files", source, tmp_path / "set")
    return tmp_path / "set"


def test_import_prints_the_folder_on_stdout_and_the_rest_on_stderr(source, tmp_path):
    result = ok("import", "files", source, tmp_path / "set")
    assert result.stdout == f"{tmp_path / 'set'}\n"
    assert result.stderr == f"{tmp_path / 'set'}: 12 cases, 12 references, 12 images.\n"
    folder = DatasetFolder.open(tmp_path / "set")
    assert folder.reference("c3").text == "A plaque."
    assert all(folder.image_path(name).is_file() for case in folder.iter_cases() for name in case.file_names)


def test_import_never_writes_over_what_is_there(source, imported):
    before = {path: path.read_bytes() for path in imported.rglob("*") if path.is_file()}
    assert "exists and is not empty" in str(failure("import", "files", source, imported))
    assert before == {path: path.read_bytes() for path in imported.rglob("*") if path.is_file()}


def test_an_import_that_fails_leaves_nothing_behind(source, tmp_path):
    (source.parent / "7.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert isinstance(failure("import", "files", source, tmp_path / "set"), DataError)
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_a_table_without_a_row_makes_no_dataset(tmp_path):
    (tmp_path / "snu").mkdir()
    (tmp_path / "snu" / "meta.csv").write_text("image_path,label,diag\n")
    done = run("import", "snu", tmp_path / "snu", tmp_path / "out")
    assert done.exit_code != 0
    assert str(done.exception).startswith(f"{tmp_path / 'snu'}: holds no case; expected a source of snu with at least")
    assert not (tmp_path / "out").exists()


def test_the_card_of_own_files_comes_from_the_options(source, tmp_path):
    options = ("--name", "ours", "--licence", "CC-BY-4.0", "--consent", "written", "--may-leave-machine")
    ok("import", "files", source, tmp_path / "set", *options)
    card = DatasetFolder.open(tmp_path / "set").card
    assert (card.name, card.licence, card.consent, card.may_leave_machine) == ("ours", "CC-BY-4.0", "written", True)


def test_the_card_of_a_public_dataset_is_not_for_options_to_change(tmp_path):
    error = failure("import", "dermbench", tmp_path, tmp_path / "set", "--may-leave-machine")
    assert str(error).startswith("--may-leave-machine: the card of dermbench is fixed by its licence")


def test_outputs_are_for_dermbench_only(source, tmp_path):
    error = failure("import", "files", source, tmp_path / "set", "--candidates", source)
    assert "expected the source dermbench" in str(error)


def test_dermbench_comes_with_its_outputs(tmp_path):
    text = b"A plaque."
    root = tmp_path / "release"
    manifest = root / "data/manifest/dermbench_test.jsonl"
    manifest.parent.mkdir(parents=True)
    (root / "one.txt").write_bytes(text)
    row = {"id": "d1", "source": "s", "split": "test", "category": "A", "diagnosis": "eczema", "cot": "one.txt"}
    row |= {"dermnet_image_path": "A/eczema-1.jpg", "cot_sha256": hashlib.sha256(text).hexdigest()}
    manifest.write_text(json.dumps(row))
    candidates, judged = tmp_path / "c.jsonl", tmp_path / "j.jsonl"
    candidates.write_text('{"id": "d1", "model": "m", "candidate_text": "A patch."}')
    verdict = {"id": "d1", "candidate_model": "m", "judge_model": "j", "scores": {}, "judge_text": "?"}
    names = ["Accuracy", "Safety", "Medical Groundedness", "Clinical Coverage", "Reasoning Coherence"]
    judged.write_text(json.dumps(verdict | {"missing_metrics": [*names, "Description Precision"]}))
    done = ok("import", "dermbench", root, tmp_path / "set", "--candidates", candidates, "--judged", judged)
    assert "set: 1 case, 1 reference, 0 images, 1 candidate narrative, 1 rating.\n" in done.stderr
    folder = DatasetFolder.open(tmp_path / "set")
    (narrative,), (rating,) = folder.iter_narratives(), folder.iter_ratings()
    assert rating.narrative_id == narrative.id
    assert len(rating.unscored) == 6
    assert ok("check", tmp_path / "set").stdout == ""


def test_check_of_a_sound_dataset_exits_with_0(imported):
    result = ok("check", imported)
    assert "12 cases, 12 images, 0 errors" in result.stderr


def test_one_is_not_written_in_the_plural(imported):
    (imported / "images/3.png").unlink()
    assert "12 cases, 11 images, 1 error, " in run("check", imported).stderr


def test_check_and_describe_of_a_file_say_that_it_is_one(source):
    for command in ("check", "describe"):
        assert str(failure(command, source)).startswith(f"{source}: is a file; expected a dataset folder")


def test_check_exits_with_1_when_there_are_errors_and_prints_them_first(imported):
    (imported / "images/3.png").unlink()
    (imported / "images/stray.png").touch()
    result = run("check", imported)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("error: images/3.png: ")
    assert any(line.startswith("warning: ") and "stray.png" in line for line in lines[1:])


def test_check_prints_few_of_a_kind_and_json_prints_all(imported):
    for image in (imported / "images").iterdir():
        image.unlink()
    result = run("check", imported)
    errors = [line for line in result.stdout.splitlines() if line.startswith("error")]
    assert len(errors) == 11
    assert errors[-1] == "error: missing image: 2 more. Add --json to see all."
    report = json.loads(run("check", imported, "--json").stdout)
    assert sum(finding["kind"] == "missing image" for finding in report["findings"]) == 12


def test_check_prints_every_place_that_may_identify_somebody(tmp_path):
    rows = "".join(f"v{n},psoriasis,Seen by Dr. Meyer.\n" for n in range(14))
    (tmp_path / "t.csv").write_text("id,label,note\n" + rows)
    ok("import", "files", tmp_path / "t.csv", tmp_path / "own")
    found = run("check", tmp_path / "own")
    assert found.stdout.count("a name after a title") == 14
    assert "more. Add --json" not in found.stdout


def test_describe_prints_a_table_or_json(imported):
    assert "12 cases, 12 images, 6 patients" in ok("describe", imported).stdout
    tables = json.loads(ok("describe", imported, "--json").stdout)["tables"]
    assert tables["label"] == {"melanoma": 8, "eczema": 4}
    assert tables["reference"] == {"draft": 12}


def test_split_writes_splits_that_pass_the_check(imported):
    result = ok("split", imported, "--train", 0.5, "--val", 0, "--test", 0.5)
    assert [line.split()[:3] for line in result.stdout.splitlines()] == [
        ["train", "6", "cases"],
        ["test", "6", "cases"],
    ]
    ok("check", imported)
    assert "Say --replace" in str(failure("split", imported))
    ok("split", imported, "--replace", "--seed", 3, "--not-by-picture")


def test_split_says_when_a_split_is_empty(imported):
    result = ok("split", imported, "--train", 0.98, "--val", 0.01, "--test", 0.01)
    assert "val is empty: the cases form only 6 groups." in result.stderr


def test_a_source_nobody_knows_is_refused_with_the_known_ones(tmp_path):
    result = run("import", "isic-2031", tmp_path, tmp_path / "set")
    assert result.exit_code == 2
    assert all(f"'{source}'" in result.stderr for source in ("dermbench", "pad-ufes-20", "files", "scin"))


def test_the_command_names_every_source_there_is():
    assert set(SOURCES) == {*READERS, "files"}


def test_an_image_name_that_no_file_can_have_is_a_missing_image(tmp_path):
    (tmp_path / "t.csv").write_text(f"id,image\nc1,{'x' * 300}.jpg\n")
    assert "1 of 1 image is missing" in str(failure("import", "files", tmp_path / "t.csv", tmp_path / "out"))
