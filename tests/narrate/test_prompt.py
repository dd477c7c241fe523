import hashlib

import pytest

from dermatrust.errors import DataError
from dermatrust.narrate import load_prompt


def test_the_candidate_prompt_asks_for_everything_the_paper_asks_for():
    text = load_prompt("candidate").text.lower()
    for wanted in (
        "dermatologist",
        "morphology",
        "colour",
        "distribution",
        "surface",
        "interpret",
        "differential",
        "justify",
    ):
        assert wanted in text
    assert text.endswith("the answer is {disease name}")


def test_the_hash_is_of_the_exact_text(tmp_path):
    file = tmp_path / "own.md"
    file.write_text("---\nid: own\nversion: 3\n---\nDescribe the skin.\n", encoding="utf-8")
    prompt = load_prompt(file)
    digest = hashlib.sha256(b"Describe the skin.").hexdigest()
    assert prompt.hash == digest
    assert prompt.name_and_hash == f"own@3:{digest[:12]}"


def test_another_word_is_another_hash(tmp_path):
    hashes = set()
    for word in ("skin", "lesion"):
        (tmp_path / "p.md").write_text(f"---\nid: p\nversion: 1\n---\nDescribe the {word}.", encoding="utf-8")
        hashes.add(load_prompt(tmp_path / "p.md").name_and_hash)
    assert len(hashes) == 2


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path):
    text = "---\nid: p\nversion: 1\n---\nOne.\nTwo."
    (tmp_path / "a.md").write_bytes(text.encode())
    (tmp_path / "b.md").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_prompt(tmp_path / "a.md") == load_prompt(tmp_path / "b.md")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"Describe the skin.", "has no proper header"),
        (b"---\nid: p\n---\nText", "has no proper header"),
        (b"---\nid: p\nversion: one\n---\nText", "has no proper header"),
        (b"---\nid: p\nversion: true\n---\nText", "has no proper header"),
        (b"---\n: [\n---\nText", "has no proper header"),
        (b"preface\n---\nid: p\nversion: 1\n---\nText", "has no proper header"),
        (b"---\nid: p\nversion: 1\n---\n \n", "no text"),
        (b"\xff\xfe\x00", "is not text"),
    ],
)
def test_a_file_that_is_no_prompt_is_a_clear_error(tmp_path, content, complaint):
    (tmp_path / "p.md").write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        load_prompt(tmp_path / "p.md")


@pytest.mark.parametrize("name", ["no-such-prompt", "/"])
def test_a_missing_prompt_names_the_known_ones(name):
    with pytest.raises(DataError, match="candidate"):
        load_prompt(name)
