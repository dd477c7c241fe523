"""The packaged tables of words and sentences that known errors and twins are made with."""

from functools import cache
from pathlib import Path

from dermatrust.lexicon.rows import read_table

FOLDER = Path(__file__).parent / "tables"


@cache
def opposites(kind: str) -> dict[str, tuple[str, ...]]:
    """Return words and what can be put in their place: opposites of a "finding", others for a "colour".

    Example:
        >>> opposites("finding")["well-defined"]
        ('ill-defined',)
    """
    rows = read_table(FOLDER / "opposites.csv", ("phrase", "opposites", "kind", "source"))
    return {row["phrase"]: row.listed("opposites") for row in rows if row["kind"] == kind}


@cache
def sites() -> tuple[tuple[str, str], ...]:
    """Return the sites a wrong one is drawn from, with their plurals, "" where there is none."""
    rows = read_table(FOLDER / "sites.csv", ("site", "plural", "source"), may_be_empty=("plural",))
    return tuple((row["site"], row["plural"]) for row in rows)


@cache
def sentences(use: str) -> tuple[str, ...]:
    """Return the sentences of one use: invented, unsafe, reassuring, neutral, opening or closing.

    Example:
        >>> sentences("unsafe")[0]
        'Cut it off at home with a clean blade.'
    """
    rows = read_table(FOLDER / "sentences.csv", ("use", "sentence", "source"))
    return tuple(row["sentence"] for row in rows if row["use"] == use)


@cache
def paraphrases() -> tuple[tuple[str, str], ...]:
    """Return phrases, each with another that says the same."""
    rows = read_table(FOLDER / "paraphrases.csv", ("phrase", "other", "source"))
    return tuple((row["phrase"], row["other"]) for row in rows)


def table_texts() -> tuple[str, ...]:
    """Return the tables as they are: whoever changes a word of them makes other variants."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.csv")))
