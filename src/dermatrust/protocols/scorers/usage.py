"""What an answer took: tokens, seconds, dollars."""

from collections.abc import Mapping

from dermatrust.clients import Reply

PER = 1_000_000
"""Prices are for so many tokens."""
SPENT = ("prompt_tokens", "completion_tokens", "seconds", "usd")
"""The numbers that add up over several plays."""


def usage(reply: Reply) -> dict[str, float]:
    """Return what a reply took, as `Played.numbers` keeps it; what the server does not say is left out.

    Example:
        >>> usage(Reply("B", prompt_tokens=90, completion_tokens=2, latency_s=1.5))
        {'prompt_tokens': 90.0, 'completion_tokens': 2.0, 'seconds': 1.5}
    """
    counts = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens}
    known = {name: float(count) for name, count in counts.items() if count is not None}
    return known | {"seconds": reply.latency_s}


def usage_with_cost(reply: Reply, prices: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return what a reply took, and as "usd" what that cost; without it where the model has no price.

    Example:
        >>> reply = Reply("B", prompt_tokens=100_000, completion_tokens=0, model_version="gpt-4o-2024-08-06")
        >>> usage_with_cost(reply, {"gpt-4o": (2.5, 10.0)})["usd"]
        0.25
    """
    numbers = usage(reply)
    cost = cost_usd(reply.model_version, numbers, prices)
    return numbers if cost is None else numbers | {"usd": cost}


def cost_usd(model: str, numbers: Mapping[str, float], prices: Mapping[str, tuple[float, float]]) -> float | None:
    """Return what tokens cost; None where the model has no price or the tokens are not known.

    Args:
        model: Its name, or a text that begins with it, e.g. a version or a file's name. Capitals do not matter, nor
            what stands before a slash; of several names that fit, the longest does.
        numbers: With "prompt_tokens" and "completion_tokens".
        prices: Name to US dollars for a million tokens, prompt and completion.

    Example:
        >>> prices = {"gpt-4o": (2.5, 10.0), "gpt-4o-mini": (0.15, 0.6)}
        >>> cost_usd("openai/gpt-4o-2024-08-06", {"prompt_tokens": 100_000, "completion_tokens": 10_000}, prices)
        0.35
        >>> cost_usd("another", {"prompt_tokens": 1, "completion_tokens": 1}, prices) is None
        True
    """
    name = model.rpartition("/")[2].lower()
    fitting = [known for known in prices if name.startswith(known.lower())]
    if not fitting or not {"prompt_tokens", "completion_tokens"} <= numbers.keys():
        return None
    per_prompt, per_completion = prices[max(fitting, key=len)]
    return (numbers["prompt_tokens"] * per_prompt + numbers["completion_tokens"] * per_completion) / PER
