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
          blanks away. An option without text is not shown, since the paper has four and nothing to say of fewer; a row
          whose right option has none is refused.
Verified  67.87 pooled and the 24 dimensions of the recorded GPT-4V letters, 8 repeated ids counted twice; 67.92 without
          the blanks.
"""

import re
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, ask_once
from dermatrust.protocols.metrics import answered_rate, macro_mean, mean_score
from dermatrust.protocols.recorded.seed_bench_2 import read_letters, read_questions, tags_of
from dermatrust.protocols.scorers.choice import UNANSWERED, answer_line, first_letter, first_of, graded, only_letter
from dermatrust.protocols.scorers.likelier_choice import BY_LIKELIHOOD, SHARE_BY_LIKELIHOOD, likelier_or
from dermatrust.protocols.scorers.likelihood import TOP, letter_likelihoods, option_likelihoods

PROMPT = """{question}

{options}

Answer with the letter of the right option alone."""
LETTERS = "ABCD"
_ROW = {
    "question_id": "1_1", "question": "A made-up question?", "data_id": "a.jpg", "choice_a": "one", "choice_b": "two",
    "choice_c": "three", "choice_d": "four", "answer": "B", "level": "L1",
}  # fmt: skip
_IMAGE = re.compile(r"\.(?:jpe?g|png|webp|bmp|gif)$", re.IGNORECASE)
_letter_said = first_of(first_letter, answer_line, only_letter)


def to_item(row: Row) -> Item:
    """Ask a question about the pictures it names; options that are pictures themselves are shown after these."""
    shown = row["data_id"] if isinstance(row["data_id"], list) else [row["data_id"]]
    texts = {letter: row[f"choice_{letter.lower()}"] for letter in LETTERS}
    options = {letter: str(text) for letter, text in texts.items() if text is not None and str(text).strip()}
    if all(_IMAGE.search(option) for option in options.values()):
        first = len(shown) + 1
        shown = [*shown, *options.values()]
        options = {letter: f"image {number}" for number, letter in enumerate(options, first)}
    if row["answer"].strip() not in tuple(LETTERS):
        raise ValueError(f"its answer is {row['answer']!r}; expected A, B, C or D")
    if row["answer"].strip() not in options:
        raise ValueError(f"its right option, {row['answer'].strip()}, has no text")
    number = count(1)
    return Item(
        id=str(row["question_id"]),
        question=re.sub("<img>", lambda _: f"[image {next(number)}]", row["question"]),
        options=options,
        target=row["answer"],
        images=tuple(Path(one) for one in shown),
        tags=tags_of(str(row.get("question_type_id", row["question_id"]))) | {"level": row.get("level", "")},
    )


async def play(item: Item, ask: Ask) -> Played:
    """Ask for the letter with its alternatives; keep how likely each is, where the server says so."""
    reply = await ask(item.turns(), top_logprobs=TOP)
    return Played(reply=reply.text, numbers=letter_likelihoods(reply, LETTERS))


async def play_options(item: Item, ask: Ask, *, per_token: bool) -> Played:
    """Have the whole text of each option scored as the answer."""
    return Played(reply="", numbers=await option_likelihoods(item, ask, per_token=per_token))


def _score_letter(item: Item, played: Played) -> Score:
    return graded(_letter_said(played.reply, dict.fromkeys(LETTERS, "")), item)


score = likelier_or(_score_letter)


def score_options(item: Item, played: Played) -> Score:
    """Grade the likeliest option; where all are equally likely, none was chosen."""
    if played.numbers and len(set(played.numbers.values())) == 1:
        return replace(UNANSWERED, parts={BY_LIKELIHOOD: 1.0})
    return score(item, played)


def score_trimmed(item: Item, played: Played) -> Score:
    """Grade likewise, without blanks around the right answer."""
    return score(replace(item, target=item.target.strip()), played)


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
    read=read_questions,
    to_item=to_item,
    play=play,
    score=score,
    metrics={
        "accuracy": mean_score, "mean of dimensions": macro_mean("dimension"), "answered": answered_rate,
        **SHARE_BY_LIKELIHOOD,
    },
    gold_reply=lambda item: item.target.strip(),
    by=("dimension", "level"),
    recorded=read_letters,
    records_bring_items=True,
    variants={
        "options": {**_BY_OPTIONS, "play": partial(play_options, per_token=True)},
        "options-sum": {**_BY_OPTIONS, "play": partial(play_options, per_token=False)},
        "letters": {"play": ask_once},
        "trimmed": {"score": score_trimmed},
    },
    examples=_EXAMPLES,
)  # fmt: skip
