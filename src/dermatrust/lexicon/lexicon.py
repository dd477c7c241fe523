"""The lexicon: the tables, read once, and what can be asked of them."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import cast

from dermatrust.errors import DataError
from dermatrust.lexicon.concept import Concept, Diagnosis, Kind, Mention
from dermatrust.lexicon.cues import connectives_of, read_cues
from dermatrust.lexicon.matcher import find_mentions
from dermatrust.lexicon.names import NameIndex
from dermatrust.lexicon.phrases import PhraseTable
from dermatrust.lexicon.rows import Row, read_table
from dermatrust.lexicon.spelling import phrase_words, surface_forms, without_umlauts, words_of
from dermatrust.records import Urgency

PACKAGED = Path(__file__).parent / "tables"

SIGN_OFF = "needs clinician sign-off"
SIGNED_OFF = "signed off by "
"""How `urgency_status` begins once a clinician has read the row; name and date follow."""
_NAMES_REMEMBERED = 1 << 16
_CONCEPT_COLUMNS = ("name", "kind", "synonyms", "group", "source")
_CONCEPT_TABLES: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("unsafe_advice.csv", ("unsafe_advice",)),
    ("red_flags.csv", ("red_flag",)),
    ("findings.csv", ("finding", "colour")),
    ("further_findings.csv", ("finding", "colour")),
    ("borders.csv", ("border",)),
    ("surfaces.csv", ("surface",)),
    ("distributions.csv", ("distribution",)),
    ("sites.csv", ("site",)),
)
_DIAGNOSIS_COLUMNS = (
    "id", "name", "synonyms", "family", "category", "urgency", "urgency_status", "malignant", "source",
)  # fmt: skip
_URGENCIES = ("emergent", "urgent", "routine")


class Lexicon:
    """Dermatology as this package knows it.

    Attributes:
        concepts: Every concept by id.
        diagnoses: Every diagnosis by id.
        groups: Concept id to its group: the region of a site, the topic of a red flag or of unsafe advice.
    """

    def __init__(self, folder: Path) -> None:
        self.concepts: dict[str, Concept] = {}
        self.diagnoses: dict[str, Diagnosis] = {}
        self.groups: dict[str, str] = {}
        self._unsigned: set[str] = set()
        self._table = PhraseTable()
        cues = read_cues(folder / "cues.csv")
        self._connectives = connectives_of(cues)
        for phrase, cue in cues.items():
            if phrase not in self._connectives.ends_if_used | self._connectives.joins:
                self._table.add(words_of(phrase), cue)
        for name, kinds in _CONCEPT_TABLES:
            self._read_concepts(folder / name, kinds)
        qualifiers = [row["word"] for row in read_table(folder / "qualifiers.csv", ("word", "source"))]
        self._names = NameIndex(qualifiers)
        self._read_diagnoses(folder)
        self._read_other_languages(folder / "other_languages.csv")
        self._read_labels(folder / "labels.csv")
        self._find = lru_cache(maxsize=_NAMES_REMEMBERED)(self._names.find)  # the same few names come again and again

    def mentions(self, text: str) -> list[Mention]:
        """Return what a text mentions, from left to right, without overlaps, the longest phrase first.

        Example:
            >>> text = "No scale. History of eczema; possible psoriasis."
            >>> [(text[m.start : m.end], m.status) for m in load_lexicon().mentions(text)]
            [('scale', 'negated'), ('eczema', 'historical'), ('psoriasis', 'hedged')]
        """
        return find_mentions(text, self._table, self._connectives)

    def diagnosis(self, name: str) -> Diagnosis | None:
        """Return the diagnosis with this name, synonym, dataset label or file stem; None rather than a guess.

        Example:
            >>> load_lexicon().diagnosis("Bowens disease (in situ)").name
            'Bowen disease'
        """
        found = self._find(name)
        return self.diagnoses[found] if found else None

    @staticmethod
    def kinship(a: Diagnosis, b: Diagnosis) -> float:
        """Return how near two diagnoses stand in the family tree, from 0 (unrelated) to 1 (the same).

        With p and q groups on the two paths, of which the first s are shared: 2 s / ((p + 1) + (q + 1)); the one
        added is the diagnosis itself below its group. Different diagnoses of one group of depth 3 have 0.75.

        Example:
            >>> lexicon = load_lexicon()
            >>> names = ("guttate psoriasis", "pustular psoriasis", "melanoma")
            >>> guttate, pustular, melanoma = (lexicon.diagnosis(name) for name in names)
            >>> lexicon.kinship(guttate, pustular), lexicon.kinship(guttate, melanoma)
            (0.75, 0.0)

        Reference:
            Wu & Palmer (1994), ACL, https://doi.org/10.3115/981732.981751.
        """
        if a.id == b.id:
            return 1.0
        shared = 0
        for group_a, group_b in zip(a.family, b.family, strict=False):
            if group_a != group_b:
                break
            shared += 1
        return 2 * shared / (len(a.family) + len(b.family) + 2)

    def needs_sign_off(self, diagnosis: Diagnosis) -> bool:
        """Return whether no clinician has yet put a name to the urgency of this diagnosis."""
        return diagnosis.id in self._unsigned

    def knows(self, phrase: str) -> bool:
        """Return whether exactly this phrase, in any case, is one that mentions are found by."""
        return isinstance(self._table.get(phrase_words(phrase)), Concept)

    def _read_concepts(self, path: Path, kinds: tuple[Kind, ...]) -> None:
        for row in read_table(path, _CONCEPT_COLUMNS, may_be_empty=("synonyms", "group")):
            kind = cast(Kind, row.one_of("kind", kinds))
            concept = Concept(f"{kind}/{_slug(row['name'])}", kind, row["name"])
            if concept.id in self.concepts:
                raise DataError(row.where, f"{row['name']!r} is there twice", do="Merge the two rows.")
            self.concepts[concept.id] = concept
            self.groups[concept.id] = row["group"]
            self._add_phrases((row["name"], *row.listed("synonyms")), concept)

    def _read_diagnoses(self, folder: Path) -> None:
        categories = {row["name"] for row in read_table(folder / "categories.csv", ("name", "source"))}
        for row in read_table(folder / "diagnoses.csv", _DIAGNOSIS_COLUMNS, may_be_empty=("synonyms",)):
            diagnosis = _diagnosis(row)
            if diagnosis.category not in categories:
                raise DataError(row.where, f"category is {diagnosis.category!r}", "a name of categories.csv")
            if diagnosis.id in self.diagnoses:
                raise DataError(row.where, f"the id {diagnosis.id!r} is there twice", do="Merge the two rows.")
            self.diagnoses[diagnosis.id] = diagnosis
            if row["urgency_status"] == SIGN_OFF:
                self._unsigned.add(diagnosis.id)
            self.concepts[diagnosis.concept.id] = diagnosis.concept
            for name in (diagnosis.name, *diagnosis.synonyms):
                self._claim(name, diagnosis.id, row)
            self._add_phrases((diagnosis.name, *diagnosis.synonyms), diagnosis.concept)

    def _read_other_languages(self, path: Path) -> None:
        for row in read_table(path, ("language", "diagnosis", "names", "source")):
            diagnosis = self._named_in(row)
            names = [written for name in row.listed("names") for written in without_umlauts(name)]
            for name in names:
                self._claim(name, diagnosis.id, row)
            self._add_phrases(names, diagnosis.concept)

    def _read_labels(self, path: Path) -> None:
        for row in read_table(path, ("dataset", "label", "diagnosis", "source")):
            self._claim(row["label"], self._named_in(row).id, row)

    def _named_in(self, row: Row) -> Diagnosis:
        if row["diagnosis"] not in self.diagnoses:
            raise DataError(row.where, f"diagnosis is {row['diagnosis']!r}", "an id of diagnoses.csv")
        return self.diagnoses[row["diagnosis"]]

    def _claim(self, name: str, diagnosis_id: str, row: Row) -> None:
        other = self._names.add(name, diagnosis_id)
        if other:
            raise DataError(
                row.where, f"{name!r} already means {other!r}", "one diagnosis per name", "Keep it in one row."
            )

    def _add_phrases(self, phrases: Iterable[str], concept: Concept) -> None:
        for phrase in phrases:
            for words in surface_forms(phrase):
                self._table.add(words, concept)


def _diagnosis(row: Row) -> Diagnosis:
    if not row["urgency_status"].startswith(SIGNED_OFF):
        row.one_of("urgency_status", (SIGN_OFF,))
    return Diagnosis(
        id=row["id"],
        name=row["name"],
        synonyms=row.listed("synonyms"),
        family=tuple(row["family"].split("/")),
        urgency=cast(Urgency, row.one_of("urgency", _URGENCIES)),
        malignant=row.one_of("malignant", ("yes", "no")) == "yes",
        category=row["category"],
        source=row["source"],
    )


def _slug(name: str) -> str:
    return "-".join(words_of(name)).replace("'", "")


def lexicon_texts(folder: Path = PACKAGED) -> dict[str, str]:
    """Return each table of a lexicon as it is: whoever changes a word of them reads texts otherwise."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.csv"))}


@lru_cache(maxsize=8)
def _load(folder: Path) -> Lexicon:
    return Lexicon(folder)


def load_lexicon(path: str | Path | None = None) -> Lexicon:
    """Return the lexicon, read once per folder.

    Args:
        path: A folder with the same tables, to use instead of the packaged ones.

    Raises:
        DataError: A table is missing or malformed; the message names file and line.
    """
    return _load(Path(path).resolve() if path else PACKAGED)
