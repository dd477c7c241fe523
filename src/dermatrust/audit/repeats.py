"""What several references share: whole texts, sentences, and families of files."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from dermatrust.audit.finding import ReferenceFinding
from dermatrust.audit.reading import LONGEST_SHOWN, ReadReference
from dermatrust.audit.shingles import Shingles, words_in
from dermatrust.datasets.finding import some

RUN = 5
"""Words in the runs by which texts are compared: short enough to survive an exchanged name."""
SAME, NEARLY, ALIKE = 0.95, 0.7, 0.45
"""Resemblance (runs in both over runs in either) from which two texts are the same, nearly so, or alike."""
DUPLICATE = ((SAME, 0.98), (NEARLY, 0.88), (ALIKE, 0.6))
STOCK = 40
"""Runs in more texts than this are phrases of the trade; with them every text resembles every other."""

SENTENCE_WORDS = 6
"""A shorter sentence recurs by itself."""
FEWEST_TEXTS = 3
"""A sentence in so many references is one of a template."""
TEMPLATE = ((0.5, 0.9), (0.3, 0.75), (0.15, 0.55), (0.05, 0.3), (0.0, 0.2))
"""Share of a text's words that stand in such sentences, and how surely it is template text."""
_DISEASE = "disease"

LARGE_FAMILY = 10
"""Cases from which one family is large."""
ACROSS_SPLITS, LARGE, FAMILY = 0.95, 0.4, 0.2


def check_duplicates(reads: Sequence[ReadReference]) -> Iterator[ReferenceFinding]:
    """Yield for each text that stands nearly so for another case the most similar one; the first keeps none."""
    shingles = Shingles([read.plain for read in reads], n=RUN)
    nearest: dict[int, tuple[float, int]] = {}
    n_others: Counter[int] = Counter()
    firsts: dict[tuple[str, ...], int] = {}
    for place, read in enumerate(reads):  # copies too many to pair are still copies
        first = firsts.setdefault(tuple(words_in(read.plain)), place)
        if first != place:
            nearest[place] = (1.0, first)
    for pair in shingles.pairs(least=ALIKE, most_texts=STOCK):  # no resemblance is above its containment
        if pair.resemblance >= ALIKE:
            nearest[pair.b] = max(nearest.get(pair.b, (0.0, 0)), (pair.resemblance, pair.a))
            n_others[pair.b] += 1
    for place, (resemblance, other) in sorted(nearest.items()):
        read, twin = reads[place], reads[other]
        confidence = next(value for least, value in DUPLICATE if resemblance >= least)
        shown = shingles.shared_text(place, other) or read.plain
        found = f"{resemblance:.0%} the same as the reference of {twin.case.id}{_label(twin)}"
        found += f", and like {n_others[place] - 1} more" if n_others[place] > 1 else ""
        yield ReferenceFinding(
            kind="duplicate text",
            confidence=confidence,
            case_id=read.case.id,
            label=read.case.label or "",
            sentence=shown[:LONGEST_SHOWN],
            expected="a text about this case alone",
            found=found,
            where="the whole text",
        )


def _label(read: ReadReference) -> str:
    return f" (label {read.case.label!r})" if read.case.label else ""


def check_templates(reads: Sequence[ReadReference]) -> Iterator[ReferenceFinding]:
    """Yield the references with sentences that stand in at least three, names of diseases aside."""
    sentences = [_sentences(read) for read in reads]
    spread = Counter(key for keyed in sentences for key in {key for key, _, _ in keyed})
    for read, keyed in zip(reads, sentences, strict=True):
        shared = [(spread[key], n_words, start) for key, n_words, start in keyed if spread[key] >= FEWEST_TEXTS]
        if not shared or read.reference.stream == "label":
            continue
        share = sum(n_words for _, n_words, _ in shared) / max(1, read.n_words)
        confidence = next(value for least, value in TEMPLATE if share >= least)
        n_texts, _, start = max(shared)
        found = f"{len(shared)} of its sentences ({share:.0%} of its words) are stock; this one is in {n_texts} texts"
        yield read.finding("template text", confidence, start, expected="words about this case", found=found)


def _sentences(read: ReadReference) -> list[tuple[tuple[str, ...], int, int]]:
    """Return the words of each longer sentence, with the names of diseases made one, their number, and its place."""
    found = []
    named = read.profile.named
    for start, end in read.spans():
        text = read.plain[start:end]
        for one in reversed([one for one in named if start <= one.start and one.end <= end]):
            text = f"{text[: one.start - start]}{_DISEASE}{text[one.end - start :]}"
        words = tuple(words_in(text))
        if len(words) >= SENTENCE_WORDS:
            found.append((words, len(words), start))
    return found


def check_families(reads: Sequence[ReadReference]) -> Iterator[ReferenceFinding]:
    """Yield one finding for each family of files with several cases, shown at its first case."""
    families: Mapping[str, list[ReadReference]] = defaultdict(list)
    for read in reads:
        if read.case.file_family is not None:
            families[read.case.file_family].append(read)
    for family, members in families.items():
        if len(members) < 2:
            continue
        splits = sorted({read.case.split for read in members if read.case.split is not None})
        confidence = ACROSS_SPLITS if len(splits) > 1 else LARGE if len(members) >= LARGE_FAMILY else FAMILY
        where = f"in the splits {' and '.join(splits)}" if len(splits) > 1 else "in one split" if splits else "unsplit"
        first = members[0].case
        yield ReferenceFinding(
            "file family", confidence, first.id, first.label or "", "", "independent cases, or one split for all of it",
            f"family {family!r}: {len(members)} cases, {where}: {some([read.case.id for read in members])}",
            "the dataset",
        )  # fmt: skip
