"""How `dermatrust clinic ddx` holds its answers against the truth by embeddings."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dermatrust.clinic.embedding import EmbeddingRung
    from dermatrust.clinic.embedding_result import EmbeddingResult
    from dermatrust.clinic.further_rungs import Resampling
    from dermatrust.clinic.run import FinishedStudy

EMBEDDING_OPTIONS = (
    click.option("--embedding", is_flag=True, help="Also a rung by embeddings, and BERTScore (extra `embedding`)."),
)


def open_embedding(options: dict[str, Any]) -> "EmbeddingRung | None":
    """Return the rung if the options want it, before any model is asked.

    Raises:
        ModelError: The extra `embedding` is not installed.
    """
    from dermatrust.clinic.embedding import EmbeddingRung

    return EmbeddingRung() if options["embedding"] else None


def embedded(finished: "FinishedStudy", rung: "EmbeddingRung", resampling: "Resampling") -> "EmbeddingResult":
    """Score, write `embedding.csv` and `embedding.json` into the run, and return the figures."""
    from dermatrust.clinic.embedding_result import embedding_csv, embedding_result, score_answers
    from dermatrust.store.atomic import write_text
    from dermatrust.store.result import write_result

    scores = score_answers(finished.answers, rung)
    result = embedding_result(finished.answers, scores, rung.threshold, resampling)
    write_text(finished.run.path / "embedding.csv", embedding_csv(finished.answers, scores))
    write_result(finished.run.path / "embedding.json", result)
    return result
