"""Has an extractor report, as JSON, which option a reply chooses.

Reference: Tang et al. (2025), https://arxiv.org/abs/2503.07459, who have every reply read so; the words are ours.
"""

import json
from collections.abc import Sequence

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Turn, lettered
from dermatrust.protocols.scorers.choice import answer_line
from dermatrust.protocols.scorers.extracted_letters import EXTRACTOR
from dermatrust.protocols.scorers.judge import ask_judge, json_in

EXTRACT = """Below are a multiple-choice question and what somebody replied to it. Report which option the reply
chooses; do not answer the question yourself. Give a JSON object {{"answer_idx": X}}, where X is one of {letters},
or "none" where the reply chooses no option.

Question: {question}

{options}

Reply: {reply}"""
NONE = "none"
"""What the extractor says of a reply that chooses nothing."""


async def extract_option(item: Item, ask: Ask, reply: str) -> str | None:
    """Return the letter that a reply chooses, or "none"; None where the extractor cannot be read.

    Args:
        item: What was asked.
        ask: What the protocol asks with.
        reply: What was said to it.
    """
    said = EXTRACT.format(
        letters=", ".join(item.options), question=item.question, options=lettered(item.options), reply=reply
    )
    schema = {
        "type": "object",
        "properties": {"answer_idx": {"enum": [*item.options, NONE]}},
        "required": ["answer_idx"],
        "additionalProperties": False,
    }
    return await ask_judge(ask, said, lambda text: _letter(text, item), role=EXTRACTOR, schema=schema)


def extract_stated(item: Item, turns: Sequence[Turn]) -> str:
    """Stand in for the extractor: a reply chooses the letter that it states as the answer."""
    reply = turns[-1].text.rpartition("\nReply: ")[2]
    return json.dumps({"answer_idx": answer_line(reply, item.options) or NONE})


def _letter(text: str, item: Item) -> str | None:
    found = json_in(text)
    letter = str(found.get("answer_idx", "")).strip() if isinstance(found, dict) else ""
    return next((one for one in (*item.options, NONE) if one.lower() == letter.lower()), None)
