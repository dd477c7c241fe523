"""MedExpQA: Spanish residency exam questions in four languages, with and without doctors' explanations to lean on.

Paper     Alonso et al. (2024), https://arxiv.org/abs/2404.05590
Data      HiTZ/MedExpQA, data/{en,es,fr,it}/test.{lang}.casimedicos.rag.jsonl; also a file with one list a language.
Measures  Exam knowledge by language, and what grounding is worth: `explanation` gives the doctors' whole explanation,
          `explanation-of-wrong` that of the wrong options alone, `explanation-hidden` the whole with references to the
          answer hidden, `rag-7` and `rag-32` so many retrieved snippets. Text only.
Not for   Comparing languages as such: the texts are translations from Spanish.
Deviates  A chat model may answer at once, so a reply that begins with an option's number is read too; `released-code`
          wants the localised closing words and takes the first character after them, whatever it is. The token budget
          that snippets are cut to was not found: CONTEXT_TOKENS, at four characters each, is ours.
Verified  Partly: the sample loads in four languages. No figures were found to check.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
CONTEXT_TOKENS = 3_000
_TOKEN = 4
"""Characters."""
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


def retrieved(n: int) -> Grounding:
    """Return the grounding in the first n retrieved snippets, whole ones, up to a budget of tokens."""

    def passages(row: Row) -> list[str]:
        kept, left = [], CONTEXT_TOKENS * _TOKEN
        for snippet in row["rag"]["clinical_case_options"]["MedCorp"]["RRF-2"][:n]:
            left -= len(snippet["content"])
            if left < 0:
                break
            kept.append(snippet["content"])
        return kept

    return passages


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
            question=row["full_question"],
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


def _after_closing(item: Item, reply: str) -> str:
    return reply.partition(CLOSING[item.tags["language"]])[2]


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"{CLOSING[item.tags['language']]}{item.target}. {item.options[item.target]}"


_ROW = {
    "lang": "es", "full_question": "Caso inventado: ¿qué es?", "correct_option": 2, "full_answer": "Es evidente.",
    "full_answer_no_ref": "Es [HIDDEN].", "options": {"2": "eso", "1": "esto", "3": "aquello", "4": "nada", "5": None},
    "explanations": {
        "1": {"exist": False, "text": ""}, "2": {"exist": False, "text": ""}, "3": {"exist": True, "text": "No lo es."},
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
    variants={
        "explanation": {"to_item": grounded(explanation)},
        "explanation-of-wrong": {"to_item": grounded(explanation_of_wrong)},
        "explanation-hidden": {"to_item": grounded(explanation_hidden)},
        "rag-7": {"to_item": grounded(retrieved(7))},
        "rag-32": {"to_item": grounded(retrieved(32))},
        "released-code": {"score": score_by_release},
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
