"""Who made a model, as far as its name tells. A judge may prefer texts by its own family."""

import re

FAMILIES: tuple[tuple[str, str], ...] = (
    ("anthropic", r"claude"),
    ("cohere", r"command-?[ar]\b|\baya\b"),
    ("deepseek", r"deepseek"),
    ("dermatrust", r"^nano/"),
    ("google", r"gemini|gemma|palm-?2"),
    ("huatuo", r"huatuo"),
    ("internvl", r"intern-?(?:vl|lm|s1)"),
    ("llama", r"llama"),
    ("llava", r"llava"),
    ("microsoft", r"\bphi-?\d"),
    ("mistral", r"mistral|mixtral|pixtral|ministral|magistral|voxtral"),
    ("moonshot", r"kimi|moonshot"),
    ("openai", r"(?<![a-z])(?:chat)?gpt-?(?:\d|o\d|oss|image)|(?<![a-z0-9-])o[1-9](?:-(?:mini|pro|preview))?\b"),
    ("qwen", r"qwen|qwq|qvq"),
    ("xai", r"grok"),
    ("zhipu", r"glm-?\d|cogvlm"),
)
"""Family to the pattern of its names. Where two match, the one nearer the start of the name is the family:
a distillation is named after its teacher's maker first, e.g. "deepseek-r1-distill-qwen-7b"."""

_PATTERNS = tuple((family, re.compile(pattern)) for family, pattern in FAMILIES)
_DOOR = re.compile(r"^(?:https?://[^#]*#|replay:|hf:)|\.jsonl$", re.IGNORECASE)


def model_family(name: str) -> str:
    """Return the family of a model as named on the command line, or the name itself where the family is unknown.

    Example:
        >>> model_family("openai/gpt-4o-mini"), model_family("http://localhost:8000/v1#Qwen2.5-VL-7B")
        ('openai', 'qwen')
        >>> model_family("our-own-model")
        'our-own-model'
    """
    model = _DOOR.sub("", name.strip()).lower()
    found = [(match.start(), family) for family, pattern in _PATTERNS if (match := pattern.search(model))]
    return min(found)[1] if found else name
