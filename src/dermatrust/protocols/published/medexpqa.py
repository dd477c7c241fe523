"""MedExpQA: Spanish residency exam questions in four languages, with and without doctors' explanations to lean on.

Paper     Alonso et al. (2024), https://arxiv.org/abs/2404.05590
Data      HiTZ/MedExpQA, data/{en,es,fr,it}/test.{lang}.casimedicos.rag.jsonl; also a file with one list a language.
Measures  Exam knowledge by language, and what grounding is worth: `explanation` gives the doctors' whole explanation,
          `explanation-of-wrong` that of the wrong options alone, `explanation-hidden` the whole with references to the
          answer hidden, `rag-7` and `rag-32` so many retrieved snippets. Text only.
Not for   Comparing languages as such: the texts are translations from Spanish.
Deviates  A chat model may answer at once, so a reply that begins with an option's number is read too; `released-code`
          wants the localised closing words and takes the first character after them, whatever it is, and takes for the
          wrong options' explanation all but the right one's. Snippets are cut to the released budgets of tokens, at
          four characters each, since a chat model's tokens are not known; the other groundings are given whole.
Verified  Partly: the sample loads in four languages. No figures were found to check.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import accuracy_of_answered, answered_rate, mean_score
from dermatrust.protocols.read_rows import read_json, read_rows
from dermatrust.protocols.scorers.choice import UNANSWERED

CLOSING = {
    "en": "The correct answer is: ",
    "es": "La opción correcta es: ",
    "it": "L'opzione corretta è: ",
    "fr": "La bonne option est: ",
}
"""How a prompt ends and what is looked for in a reply; one table for both, since two once differed."""
TEMPLATES = {
    "en": "You are a medical expert. {use}Choose the right option of this question.\n\n{context}{question}\n\n{options}"
    "\n\nReply with the number and text of one option.\n",
    "es": "Eres un experto en medicina. {use}Elige la opción correcta de esta pregunta.\n\n{context}{question}\n\n"
    "{options}\n\nResponde con el número y el texto de una sola opción.\n",
    "it": "Sei un esperto di medicina. {use}Scegli l'opzione corretta di questa domanda.\n\n{context}{question}\n\n"
    "{options}\n\nRispondi con il numero e il testo di una sola opzione.\n",
    "fr": "Tu es un expert en médecine. {use}Choisis la bonne option de cette question.\n\n{context}{question}\n\n"
    "{options}\n\nRéponds par le numéro et le texte d'une seule option.\n",
}
USE = {
    "en": "Use the passages below where they help. ",
    "es": "Apóyate en los textos siguientes si son útiles. ",
    "it": "Usa i testi seguenti dove sono utili. ",
    "fr": "Appuie-toi sur les textes ci-dessous s'ils sont utiles. ",
}
BUDGETS = {7: 2_048, 32: 8_000}
"""Number of snippets to the tokens of the whole prompt, as released: `rag-7` means as many of them as fit."""
_TOKEN = 4
"""Characters."""
_LANGUAGE = re.compile(rf"(?<![a-z])({'|'.join(CLOSING)})(?![a-z])")
_FIELDS = {"question", "prediction", "gold_answer"}
_EXPECTED = 'a list of {"question", "prediction", "gold_answer"} in the order of the data'
Grounding = Callable[[Row], list[str]]
"""From a row to the passages that are given with its question."""


def explanation(row: Row) -> list[str]:
    """Return the doctors' whole explanation."""
    return [row["full_answer"]]


def explanation_hidden(row: Row) -> list[str]:
    """Return it with references to the answer hidden."""
    return [row["full_answer_no_ref"]]


def explanation_of_wrong(row: Row) -> list[str]:
    """Return what it says of the wrong options."""
    wrong = {number: one for number, one in row["explanations"].items() if int(number) != int(row["correct_option"])}
    return [one["text"] for _, one in sorted(wrong.items()) if one.get("exist")]


def explanation_but_right(row: Row) -> list[str]:
    """Return the whole explanation without the right option's parts, taken out one after the other as released."""
    text = row["full_answer"]
    for start, end in row["explanations"][str(row["correct_option"])]["char_ranges"]:
        text = f"{text[:start]} {text[end:]}"
    return [text]


def retrieved(n: int) -> Grounding:
    """Return the grounding in the first n retrieved snippets, whole ones, each once, as many as the budget leaves."""

    def passages(row: Row) -> list[str]:
        asked = [TEMPLATES[row["lang"]], row["full_question"], *filter(None, row["options"].values())]
        kept, left = [], BUDGETS[n] * _TOKEN - sum(map(len, asked))
        snippets = row["rag"]["clinical_case_options"]["MedCorp"]["RRF-2"][:n]
        for content in dict.fromkeys(snippet["content"] for snippet in snippets):
            left -= len(content)
            if left < 0:
                break
            kept.append(content)
        return kept

    return passages


CONDITIONS: dict[str, Grounding] = {
    "explanation": explanation, "explanation-of-wrong": explanation_of_wrong, "explanation-hidden": explanation_hidden,
    "rag-7": retrieved(7), "rag-32": retrieved(32),
}  # fmt: skip


def grounded(passages: Grounding | None) -> Callable[[Row], Item]:
    """Return how rows become items under a condition."""

    def to_item(row: Row) -> Item:
        language = row["lang"]
        options = {number: text for number, text in sorted(row["options"].items()) if text}
        if str(row["correct_option"]) not in options:
            raise ValueError(f"its correct_option is {row['correct_option']!r}; expected one of {', '.join(options)}")
        context = "\n\n".join(passages(row)) if passages else ""
        return Item(
            id=id_of(language, row["full_question"]),
            question=f"{row['type']}: {row['full_question']}" if row.get("type") else row["full_question"],
            options=options,
            target=str(row["correct_option"]),
            template=TEMPLATES[language] + CLOSING[language],
            fields={"context": f"{context}\n\n" if context else "", "use": USE[language] if context else ""},
            tags={"language": language},
        )

    return to_item


def score(item: Item, played: Played) -> Score:
    """Grade the number after the closing words, or the one that the reply begins with."""
    said = _after_closing(item, played.reply) or played.reply.lstrip(" *(\n")[:2]
    number = re.match(r"\d(?!\d)", said)
    return Score(value=float(number[0] == item.target), said=number[0]) if number else UNANSWERED


def score_by_release(item: Item, played: Played) -> Score:
    """Grade the first character after the closing words; without them nothing is answered."""
    said = _after_closing(item, played.reply)[:1]
    return Score(value=float(said == item.target), said=said) if said else UNANSWERED


def read(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield rows of a list or JSON Lines, or of a JSON file with one list for each language."""
    found: Any = read_json(path) if path.suffix == ".json" else None
    if not isinstance(found, dict):
        yield from read_rows(path)
        return
    for language, rows in found.items():
        yield from ((f"{path} {language} row {number}", row) for number, row in enumerate(rows, 1))


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read the authors' predictions: a list of whole texts with the right answer's, in the order of the data.

    Without data, a row brings its own right answer; its language is that of the file's name, else of its question.
    """
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() >= _FIELDS for row in rows):
        raise DataError(str(path), "holds no predictions", _EXPECTED)
    known = list(items)
    known = known or [_bare(row, number, path) for number, row in enumerate(rows, 1)]
    for number, (item, row) in enumerate(zip_longest(known, rows[: len(known)]), 1):
        if row is not None and str(row["gold_answer"])[:1] != item.target:
            raise DataError(f"{path} row {number}", f"is of another question than {item.id!r}", _EXPECTED)
        yield item, None if row is None else Played(reply=str(row["prediction"]))


def _bare(row: Row, number: int, path: Path) -> Item:
    named = _LANGUAGE.findall(path.name)
    found = named or [one for one, words in CLOSING.items() if words.strip() in str(row["question"])]
    if not found:
        raise DataError(f"{path} row {number}", "does not say its language", ", ".join(CLOSING), "Give --data.")
    language, gold = found[0], str(row["gold_answer"])
    return Item(
        id=f"{language}/{number}", question=str(row["question"]), target=gold[:1], options={gold[:1]: gold[1:]},
        tags={"language": language},
    )  # fmt: skip


def _after_closing(item: Item, reply: str) -> str:
    return reply.partition(CLOSING[item.tags["language"]])[2]


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"{CLOSING[item.tags['language']]}{item.target}. {item.options[item.target]}"


_ROW = {
    "lang": "es", "full_question": "Caso inventado: ¿qué es?", "correct_option": 2, "full_answer": "Es evidente.",
    "full_answer_no_ref": "Es [HIDDEN].", "options": {"2": "eso", "1": "esto", "3": "aquello", "4": "nada", "5": None},
    "explanations": {
        "1": {"exist": False, "char_ranges": [], "text": ""}, "2": {"exist": False, "char_ranges": [], "text": ""},
        "3": {"exist": True, "char_ranges": [], "text": "No lo es."},
    },
    "rag": {"clinical_case_options": {"MedCorp": {"RRF-2": [{"id": "a", "content": "Un texto inventado."}]}}},
}  # fmt: skip
PROTOCOL = Protocol(
    name="medexpqa",
    version=1,
    about=__doc__,
    kind="multiple choice, with grounding",
    language="en, es, fr, it",
    source=Source(
        dataset="HiTZ/MedExpQA",
        files=tuple(f"{folder}test.{one}.casimedicos.rag.jsonl" for one in CLOSING for folder in (f"data/{one}/", "")),
        split="test", licence="CC-BY-4.0", is_on_hub=True,
    ),
    read=read,
    to_item=grounded(None),
    score=score,
    metrics={"accuracy": mean_score, "answered": answered_rate, "accuracy of answered": accuracy_of_answered},
    gold_reply=gold_reply,
    by=("language",),
    recorded=recorded,
    records_bring_items=True,
    variants={
        **{name: {"to_item": grounded(one)} for name, one in CONDITIONS.items()},
        "released-code": {"score": score_by_release},
        **{
            f"released-code+{name}": {"score": score_by_release, "to_item": grounded(one)}
            for name, one in {**CONDITIONS, "explanation-of-wrong": explanation_but_right}.items()
        },
    },
    examples=(
        Example(row=_ROW, target="2", wrong_reply="La opción correcta es: 1. esto", other={"correct_option": 1}),
        *(
            Example(
                row={**_ROW, "lang": one}, target="2", wrong_reply=f"{CLOSING[one]}3", other={"correct_option": 1}
            )
            for one in ("en", "fr", "it")
        ),
    ),
)  # fmt: skip
