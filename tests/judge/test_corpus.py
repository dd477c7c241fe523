from pathlib import Path

import pytest
import yaml

from dermatrust.judge import read_verdict
from dermatrust.records import DIMENSIONS

CORPUS = yaml.safe_load((Path(__file__).parent / "corpus" / "replies.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", CORPUS, ids=lambda entry: entry["id"])
def test_a_reply_is_read_as_a_person_would(entry):
    verdict = read_verdict(entry["reply"])
    read = [verdict.scores[d] if d in verdict.scores else verdict.unscored[d].reason for d in DIMENSIONS]
    assert read == entry["expect"]


def test_the_corpus_is_large_and_its_names_are_unique():
    assert len(CORPUS) >= 60
    assert len({entry["id"] for entry in CORPUS}) == len(CORPUS)
    assert all(len(entry["expect"]) == len(DIMENSIONS) for entry in CORPUS)
