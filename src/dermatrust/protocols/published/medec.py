"""MEDEC: finding and correcting the one error in a clinical note, or saying that there is none.

Paper     Ben Abacha et al. (2024), https://arxiv.org/abs/2412.19260 (the data of MEDIQA-CORR 2024)
Data      abachaa/MEDEC and the MEDIQA-CORR 2024 release: validation set of 574 notes (319 with an error), test set of
          597 that are open; its 328 notes of another hospital are blank and left out.
Measures  Whether there is an error (flag); in which sentence; and how near the correction comes by ROUGE. "Subset" is
          the mean over notes where both the reference and the model correct something; "composite" is over all notes,
          with 1 where both find none, and 0 where only one does.
Not for   Correction as such: words in common are not meaning. ROUGE here rewards repeating the wrong sentence.
Deviates  References are compared as they are, as in the authors' script: 12 of the 319 have blanks at an end or a
          quotation mark that no answer has, so that the right correction itself reaches 0.86 to 0.97 there. The variant
          "trimmed" treats references as answers are treated. BERTScore and BLEURT need models that are not shipped:
          `with_measures` takes them, clips them and adds the aggregate, the mean of ROUGE-1 and these. Prompts in our
          words. A note without a line, or with an unreadable one, is wrong, as in the script.
Verified  Flag 0.4895, sentence 0.3066, ROUGE-1/2/L subset 0.4183/0.3212/0.4154, composite 0.2220/0.1773/0.2207 of the
          challenge's baseline run over the validation set: all ten digits come out, with rouge 1.0.1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.recorded.medec import recorded_lines
from dermatrust.protocols.scorers.correction_line import NONE, read_correction, unquoted
from dermatrust.protocols.scorers.rubric import clip
from dermatrust.protocols.scorers.text_overlap import rouge

NO_SENTENCE = "-1"
PROMPT = """\
This clinical note has at most one sentence with a medical error: a wrong diagnosis, management, treatment, drug or \
cause. Find it and correct it, or say that the note is right. The note's sentences are numbered.

{question}

Reply with one line and nothing else. With an error: 1, the number of its sentence, and that sentence corrected, \
separated by blanks. Without one: 0 -1 NA"""
Measure = Callable[[str, str], float]
"""From what a model wrote and the reference to a similarity."""


def to_item(row: Row) -> Item | tuple[()]:
    """Ask about a note; the target is flag, sentence and correction. A blank note is none."""
    if not str(row["Sentences"] or "").strip():
        return ()
    fix = row["Corrected Sentence"]
    target = (str(row["Error Flag"]), str(row["Error Sentence ID"]), str(fix) if fix not in (None, "") else NONE)
    kind = str(row["Error Type"] or NONE)
    return Item(id=row["Text ID"], question=row["Sentences"], target=target, tags={"error": kind})


def score(item: Item, played: Played, *, measures: Mapping[str, Measure] | None = None, trims: bool = False) -> Score:
    """Return the composite of ROUGE-1, and everything else in the parts."""
    said = read_correction(played.reply)
    flag, sentence, fix = item.target
    fix = unquoted(" ".join(fix.split())) if trims else fix
    said_flag, said_sentence, text = said or (None, None, None)
    parts = {"flag": float(said_flag == flag), "sentence": float(said_sentence == sentence)}
    if text is not None and NONE not in (text, fix):
        found = rouge(text, fix)
        near = {"R1F": found.one, "R2F": found.two, "RLF": found.longest}
        near |= {name: clip(measure(text, fix)) for name, measure in (measures or {}).items()}
        if measures:
            near["aggregate"] = math.fsum(near[name] for name in ("R1F", *measures)) / (1 + len(measures))
        parts |= near | {f"{name} composite": value for name, value in near.items()}
    else:
        names = ("R1F", "R2F", "RLF", *((*measures, "aggregate") if measures else ()))
        parts |= {f"{name} composite": float(text == fix == NONE) for name in names}
    answer = " ".join(said) if said else ""
    return Score(value=parts["R1F composite"], answered=bool(said), said=answer, parts=parts)


def with_measures(protocol: Protocol, measures: Mapping[str, Measure]) -> Protocol:
    """Return the protocol with further similarities (BERTScore, BLEURT), by name, and the aggregate."""
    metrics = {
        f"{name} {how}": mean_part(f"{name} composite" if how == "composite" else name)
        for name in (*measures, "aggregate")
        for how in ("subset", "composite")
    }
    return replace(
        protocol,
        score=lambda item, played: score(item, played, measures=measures),
        metrics={**protocol.metrics, **metrics},
    )


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say, in one line."""
    return " ".join(" ".join(item.target).split())


def _row(name: str, fix: str) -> dict[str, str]:
    flag, sentence, kind = ("0", NO_SENTENCE, NONE) if fix == NONE else ("1", "1", "diagnosis")
    return {
        "Text ID": name, "Text": "", "Sentences": "0 A made-up man has a rash.\n1 It is scabies.", "Error Flag": flag,
        "Error Type": kind, "Error Sentence ID": sentence, "Corrected Sentence": fix,
    }  # fmt: skip


ROUGES = {"ROUGE-1": "R1F", "ROUGE-2": "R2F", "ROUGE-L": "RLF"}
PROTOCOL = Protocol(
    name="medec",
    version=1,
    about=__doc__,
    kind="error detection and correction",
    source=Source(
        dataset="https://github.com/abachaa/MEDEC", size=597, split="test", licence="CC BY 4.0",
        files=("MEDEC-MS-TestSet-with-GroundTruth-and-ErrorType.csv",
               "MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv"),
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics={
        "flag accuracy": mean_part("flag"),
        "sentence accuracy": mean_part("sentence"),
        **{f"{name} subset": mean_part(part) for name, part in ROUGES.items()},
        "ROUGE-1 composite": mean_score,
        "ROUGE-2 composite": mean_part("R2F composite"),
        "ROUGE-L composite": mean_part("RLF composite"),
        "answered": answered_rate,
    },
    gold_reply=gold_reply,
    by=("error",),
    recorded=recorded_lines,
    examples=(
        Example(row=_row("ms-0", "It is eczema."), target=("1", "1", "It is eczema."), wrong_reply="0 -1 NA",
                other=_row("ms-0", NONE)),
        Example(row=_row("ms-1", NONE), target=("0", "-1", NONE), wrong_reply="1 1 It is eczema.",
                other=_row("ms-1", "It is eczema.")),
    ),
    variants={"trimmed": {"score": partial(score, trims=True)}},
)  # fmt: skip
