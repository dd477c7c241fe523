"""SEED-Bench-2: multiple choice on images, image sequences and videos, in 27 dimensions and three levels.

Paper     Li et al. (2023), https://arxiv.org/abs/2311.17092
Data      AILab-CVC/SEED-Bench-2, SEED-Bench_v2_level1_2_3.json, about 24,000 questions of four options.
Measures  Perception and reasoning of general multimodal models, by how likely each option is. Levels: 1 single image, 2
          interleaved images and text, 3 images as options.
Not for   Medicine: nothing here is medical. It is a yardstick of general sight.
Deviates  The paper ranks options by the likelihood of their whole text: the variant `options`, by the mean over the
          text's tokens as in the released code (`options-sum`: by their sum), where the server scores a given text, as
          vLLM does; with any other it is an error. Options that are all equally likely are no answer. By default, as
          few servers do that, options are ranked by the log-probability of their letters; where the server has none,
          and in the variant `letters` (as for models behind an interface), the letter that is said counts. Videos are
          asked as the images that `data_id` names: cut eight frames out of each beforehand. Options that are images
          are shown in order after the question's own, and placeholders in its text are numbered. A recorded right
          answer with a blank around it ("A ") is compared as it stands, as the released figures were; `trimmed` takes
          blanks away.
Verified  67.87 pooled and the 24 dimensions of the recorded GPT-4V letters, 8 repeated ids counted twice; 67.92 without
          the blanks.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, count
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, ask_once
from dermatrust.protocols.metrics import answered_rate, macro_mean, mean_part, mean_score
from dermatrust.protocols.read_rows import read_json
from dermatrust.protocols.recorded_rows import first_of_each, matched
from dermatrust.protocols.scorers.choice import UNANSWERED, answer_line, first_letter, first_of, only_letter
from dermatrust.protocols.scorers.likelihood import TOP, letter_likelihoods, likeliest, option_likelihoods
from dermatrust.records import iter_lines

PROMPT = """{question}

{options}

Answer with the letter of the right option alone."""
DIMENSIONS = (
    "scene understanding", "instance identity", "instance attribute", "instance location", "instance counting",
    "spatial relation", "instance interaction", "visual reasoning", "text recognition", "celebrity recognition",
    "landmark recognition", "chart understanding", "visual referring expression", "science knowledge",
    "emotion recognition", "visual mathematics", "difference spotting", "meme comprehension",
    "global video understanding", "action recognition", "action prediction", "procedure understanding",
    "in-context captioning", "interleaved image-text analysis", "text-to-image generation", "next image prediction",
    "text-image creation",
)  # fmt: skip
"""By question_type_id, from 1 on: the number before the underscore of a question's id."""
LETTERS = "ABCD"
_EXPECTED = '{"question_id": ..., "prediction": a letter, "gt_answer": a letter} a line'
_ROW = {
    "question_id": "1_1", "question": "A made-up question?", "data_id": "a.jpg", "choice_a": "one", "choice_b": "two",
    "choice_c": "three", "choice_d": "four", "answer": "B", "level": "L1",
}  # fmt: skip
_IMAGE = re.compile(r"\.(?:jpe?g|png|webp|bmp|gif)$", re.IGNORECASE)
_letter_said = first_of(first_letter, answer_line, only_letter)


def read(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield the rows of the question file, which holds them under "questions" beside a table of types."""
    found = read_json(path)
    if not isinstance(found, dict) or not isinstance(found.get("questions"), list):
        raise DataError(str(path), 'has no list "questions"', "the published question file")
    yield from ((f"{path} question {number}", row) for number, row in enumerate(found["questions"], 1))


def to_item(row: Row) -> Item:
    """Ask a question about the pictures it names; options that are pictures themselves are shown after these."""
    shown = row["data_id"] if isinstance(row["data_id"], list) else [row["data_id"]]
    options = {letter: str(row[f"choice_{letter.lower()}"]) for letter in LETTERS}
    if all(_IMAGE.search(option) for option in options.values()):
        first = len(shown) + 1
        shown = [*shown, *options.values()]
        options = {letter: f"image {number}" for number, letter in enumerate(options, first)}
    number = count(1)
    return Item(
        id=str(row["question_id"]),
        question=re.sub("<img>", lambda _: f"[image {next(number)}]", row["question"]),
        options=options,
        target=row["answer"],
        images=tuple(Path(one) for one in shown),
        tags=_tags(str(row.get("question_type_id", row["question_id"]))) | {"level": row.get("level", "")},
    )


async def play(item: Item, ask: Ask) -> Played:
    """Ask for the letter with its alternatives; keep how likely each is, where the server says so."""
    reply = await ask(item.turns(), top_logprobs=TOP)
    return Played(reply=reply.text, numbers=letter_likelihoods(reply, LETTERS))


async def play_options(item: Item, ask: Ask, *, per_token: bool) -> Played:
    """Have the whole text of each option scored as the answer."""
    return Played(reply="", numbers=await option_likelihoods(item, ask, per_token=per_token))


def score(item: Item, played: Played) -> Score:
    """Grade the likeliest letter; where nothing is known of likelihoods, the letter that was said."""
    letter = likeliest(played.numbers) or _letter_said(played.reply, dict.fromkeys(LETTERS, ""))
    parts = {"by likelihood": float(bool(played.numbers))}
    if not letter:
        return Score(value=0.0, answered=False, parts=parts)
    return Score(value=float(letter == item.target), said=letter, parts=parts)


def score_options(item: Item, played: Played) -> Score:
    """Grade the likeliest option; where all are equally likely, none was chosen."""
    if played.numbers and len(set(played.numbers.values())) == 1:
        return replace(UNANSWERED, parts={"by likelihood": 1.0})
    return score(item, played)


def score_trimmed(item: Item, played: Played) -> Score:
    """Grade likewise, without blanks around the right answer."""
    return score(replace(item, target=item.target.strip()), played)


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read letters in the authors' form, one object a line with or without a comma after it.

    Without data every line counts, repeats too, and brings its right answer; with data the first of an id does.
    """
    items = iter(items)
    first = next(items, None)
    if first is None:
        yield from ((_bare(line), _said(line)) for _, line in _lines(path))
        return
    kept = first_of_each(_lines(path), lambda line: str(line["question_id"]))
    yield from matched(chain([first], items), kept, _bare, _said)


def _lines(path: Path) -> Iterator[tuple[str, Row]]:
    for where, line in iter_lines(path):
        try:
            row = json.loads(line.rstrip(b", \r\n"))
        except ValueError as error:
            raise DataError(where, f"is not valid JSON ({error})", _EXPECTED) from None
        if not isinstance(row, dict) or not {"question_id", "prediction"} <= set(row):
            raise DataError(where, "is not a recorded letter", _EXPECTED)
        yield where, row


def _bare(row: Row) -> Item:
    if "gt_answer" not in row:
        raise DataError(str(row["question_id"]), "brings no right answer", do="Give the questions with --data.")
    return Item(id=str(row["question_id"]), question="", target=row["gt_answer"], tags=_tags(str(row["question_id"])))


def _said(row: Row) -> Played:
    return Played(reply=str(row["prediction"]))


def _tags(name: str) -> dict[str, str]:
    """Return the dimension that a question's type, or the beginning of its id, stands for."""
    number = name.partition("_")[0]
    is_known = number.isdigit() and 1 <= int(number) <= len(DIMENSIONS)
    return {"dimension": f"{int(number):02} {DIMENSIONS[int(number) - 1]}"} if is_known else {}


_EXAMPLES = (
    Example(row=_ROW, target="B", wrong_reply="A", other={"answer": "C"}),
    Example(
        row={**_ROW, "question_id": "25_2", "question": "Which one after <img> and <img>?", "level": "L3",
             "data_id": ["a.jpg", "b.jpg"], "choice_a": "c.jpg", "choice_b": "d.jpg", "choice_c": "e.jpg",
             "choice_d": "f.jpg"},
        target="B",
        wrong_reply="It is (D).",
        other={"answer": "A"},
    ),
)  # fmt: skip
_BY_OPTIONS = {
    "score": score_options,
    "gold_reply": lambda item: item.options[item.target.strip()],
    "examples": tuple(replace(one, wrong_reply=said) for one, said in zip(_EXAMPLES, ("one", "image 6"), strict=True)),
}
PROTOCOL = Protocol(
    name="seed-bench-2",
    version=1,
    about=__doc__,
    kind="multiple choice, by likelihood",
    modality="image, images, video frames",
    source=Source(
        dataset="AILab-CVC/SEED-Bench-2", files=("SEED-Bench_v2_level1_2_3.json",), split="all", is_on_hub=True,
    ),
    prompt=PROMPT,
    read=read,
    to_item=to_item,
    play=play,
    score=score,
    metrics={
        "accuracy": mean_score, "mean of dimensions": macro_mean("dimension"), "answered": answered_rate,
        "by likelihood": mean_part("by likelihood"),
    },
    gold_reply=lambda item: item.target.strip(),
    by=("dimension", "level"),
    recorded=recorded,
    records_bring_items=True,
    variants={
        "options": {**_BY_OPTIONS, "play": partial(play_options, per_token=True)},
        "options-sum": {**_BY_OPTIONS, "play": partial(play_options, per_token=False)},
        "letters": {"play": ask_once},
        "trimmed": {"score": score_trimmed},
    },
    examples=_EXAMPLES,
)  # fmt: skip
