"""Narratives a second that the lexicon's matcher reads on one core.

    python benchmarks/matcher_speed.py [--texts FOLDER] [--seconds 5]

Without --texts it reads 400-word narratives made from varied clinical sentences with a fixed seed (synthetic text);
with it, the .txt files of a folder, cut or joined to 400 words each. The target is 2,000 a second.
"""

import argparse
import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path

from dermatrust.lexicon import load_lexicon

N_WORDS = 400
N_NARRATIVES = 500
FRAMES = (
    "This image shows {n} {c} {f} on the {s}, with {b} borders and a {t} surface.",
    "There is no {f}, {f}, or {f} in the surrounding skin, and the {s} is spared.",
    "The colour varies from {c} to {c}, and the texture looks {t} to the naked eye.",
    "First, the distribution over the {s} and the {s} narrows the search to a few families of disease.",
    "The combination of {f} and {f} is typical of {d}, although {d} can look alike in its early stage.",
    "{d} is less likely because {f} is absent and the {s} is not involved.",
    "The differential diagnosis includes {d}, {d}, and {d}; each of them deserves a moment of thought.",
    "A history of {d} would change the picture, but nothing of the kind has been mentioned so far.",
    "If the lesion starts to bleed or grows quickly, the patient should see a dermatologist without delay.",
    "The patient should keep the area clean, avoid scratching it, and use a gentle emollient twice a day.",
    "As I narrow down the possibilities, the specific characteristics of the presentation become crucial here.",
    "Without {f} the argument for {d} is weak, yet a biopsy could still be considered to confirm it.",
    "In conclusion, these observations taken together point most strongly towards one answer among the candidates.",
)
WORDS = {
    "n": ("a solitary", "multiple", "several grouped", "scattered", "two or three"),
    "c": ("brown", "red", "violaceous", "white", "pink", "yellowish", "black", "skin-coloured", "grey"),
    "f": ("papules", "scale", "crusting", "ulceration", "vesicles", "telangiectasia", "erosions", "nodules",
          "fissures", "plaques"),
    "s": ("face", "scalp", "forearms", "lower legs", "trunk", "palms", "nail folds", "neck", "groin"),
    "b": ("well-defined", "irregular", "ill-defined", "raised", "rolled"),
    "t": ("smooth", "rough", "shiny", "verrucous", "waxy", "lichenified"),
    "d": ("psoriasis", "atopic dermatitis", "basal cell carcinoma", "lichen planus", "tinea corporis", "melanoma",
          "seborrheic keratosis", "discoid lupus erythematosus", "bullous pemphigoid", "scabies", "actinic keratosis"),
}  # fmt: skip


def narrative(random_: random.Random) -> str:
    words: list[str] = []
    while len(words) < N_WORDS:
        sentence = random_.choice(FRAMES)
        while "{" in sentence:
            start = sentence.index("{")
            sentence = sentence[:start] + random_.choice(WORDS[sentence[start + 1]]) + sentence[start + 3 :]
        words += sentence.split()
    return " ".join(words[:N_WORDS])


def narratives(folder: Path | None) -> list[str]:
    if folder is None:
        random_ = random.Random(0)
        return [narrative(random_) for _ in range(N_NARRATIVES)]
    words = itertools.chain.from_iterable(path.read_text().split() for path in sorted(folder.rglob("*.txt")))
    return [" ".join(chunk) for chunk in _chunks(words) if len(chunk) == N_WORDS]


def _chunks(words: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(itertools.islice(words, N_WORDS)):
        yield chunk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    begun = time.perf_counter()
    lexicon = load_lexicon()
    loading_ms = (time.perf_counter() - begun) * 1000
    texts = narratives(options.texts)
    rounds, n_mentions, best, begun = 0, 0, 0.0, time.perf_counter()
    while time.perf_counter() - begun < options.seconds:
        start = time.process_time()
        n_mentions = sum(len(lexicon.mentions(text)) for text in texts)
        best = max(best, len(texts) / (time.process_time() - start))
        rounds += 1
    per_text = n_mentions / len(texts)
    print(f"{best:,.0f} narratives/s on one core (best of {rounds} rounds of {len(texts)} texts of {N_WORDS} words,")
    print(f"{per_text:.0f} mentions each); the lexicon loads in {loading_ms:.0f} ms")


if __name__ == "__main__":
    main()
