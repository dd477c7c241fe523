"""Items from rows of the common multiple-choice sets, told by their fields."""

from collections.abc import Callable, Mapping
from typing import Any

from dermatrust.protocols.item import Item, Row, id_of
from dermatrust.protocols.scorers.choice import answer_word, option_letters, options_of

LETTERS = "ABCDEFGHIJ"
YES_NO_MAYBE = {"A": "yes", "B": "no", "C": "maybe"}
_read_word = answer_word(YES_NO_MAYBE.values())


def choice_item(row: Row) -> Item:
    """Return the item of a row of MedQA, MedBullets, MedMCQA, MMLU, HEAD-QA or PubMedQA, its target a letter.

    Ids are the rows' own where they have one, else made of what is asked. MedMCQA's `cop` counts from 0 and HEAD-QA's
    `ra` from 1, as on the hub.

    Raises:
        KeyError: The row is of none of these forms.
        ValueError: Its right answer is none of its options.

    Example:
        >>> item = choice_item({"question": "Which?", "choices": ["this", "that"], "answer": 1})
        >>> dict(item.options), item.target
        ({'A': 'this', 'B': 'that'}, 'B')
    """
    form = next((read for field, read in _FORMS if field in row), None)
    if form is None:
        raise KeyError("options")
    question, options, target = form(row)
    name = next((str(row[field]) for field in ("id", "realidx", "pubid", "qid") if row.get(field) is not None), "")
    name = name or id_of(question, *options.values())
    return Item(id=name, question=question, options=options, target=option_letters(target, options))


def letter_of_yes_no_maybe(reply: str, options: Mapping[str, str]) -> str:
    """Return the letter of a yes, no or maybe that is said in words, where these are the options.

    Example:
        >>> letter_of_yes_no_maybe("So: no.", YES_NO_MAYBE), letter_of_yes_no_maybe("No.", {"A": "this", "B": "that"})
        ('B', '')
    """
    if dict(options) != YES_NO_MAYBE:
        return ""
    word = _read_word(reply, options)
    return next((letter for letter, text in options.items() if text == word), "")


Read = Callable[[Row], tuple[str, dict[str, str], str]]


def _lettered(row: Row) -> tuple[str, dict[str, str], str]:
    options = row["options"]
    if isinstance(options, list) and options and isinstance(options[0], dict):
        options = {one["key"]: one["value"] for one in options}
    answer = row["answer_idx"] if "answer_idx" in row else row["answer"]
    return row["question"], options_of(options), str(answer)


def _op(row: Row) -> tuple[str, dict[str, str], str]:
    options = options_of([row.get(name) for name in ("opa", "opb", "opc", "opd", "ope")])
    target = LETTERS[int(row["cop"])] if "cop" in row else str(row["answer_idx"])
    return row["question"], options, target


def _choices(row: Row) -> tuple[str, dict[str, str], str]:
    return row["question"], options_of(list(row["choices"])), _letter(row["answer"])


def _endings(row: Row) -> tuple[str, dict[str, str], str]:
    return row["sent1"], options_of([row[f"ending{k}"] for k in range(4)]), LETTERS[int(row["label"])]


def _head_qa(row: Row) -> tuple[str, dict[str, str], str]:
    return row["qtext"], options_of([one["atext"] for one in row["answers"]]), LETTERS[int(row["ra"]) - 1]


def _pubmed(row: Row) -> tuple[str, dict[str, str], str]:
    """The question with the abstract it is about; what the authors concluded is not shown."""
    asked = {name.lower(): value for name, value in row.items()}
    contexts: Any = asked.get("contexts") or (asked.get("context") or {})
    texts = contexts.get("contexts", []) if isinstance(contexts, dict) else contexts
    question = "\n\n".join([*([texts] if isinstance(texts, str) else texts), asked["question"]])
    said = {text: letter for letter, text in YES_NO_MAYBE.items()}
    return question, dict(YES_NO_MAYBE), said[str(asked["final_decision"]).lower()]


def _letter(answer: Any) -> str:
    text = str(answer)
    return LETTERS[int(text)] if text.isdigit() else text


_FORMS: tuple[tuple[str, Read], ...] = (
    ("final_decision", _pubmed), ("qtext", _head_qa), ("opa", _op), ("choices", _choices), ("ending0", _endings),
    ("options", _lettered),
)  # fmt: skip
"""The field that tells a form, and how it is read."""
