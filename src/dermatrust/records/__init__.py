"""The nouns: cases, narratives, ratings, cards and manifests."""

from dermatrust.records.answer_row import AnswerRow
from dermatrust.records.cards import DatasetCard, JudgeCard, ModelCard
from dermatrust.records.case import SKIN_GROUPS, Case, ClinicalContext, DifferentialItem, SkinGroup, Urgency
from dermatrust.records.dimensions import DIMENSIONS, HIGHEST_SCORE, LOWEST_SCORE, Dimension
from dermatrust.records.image_review import ImageFlag, ImageReview, ImageVerdict
from dermatrust.records.jsonl import iter_lines, iter_placed_lines, iter_records
from dermatrust.records.manifest import Manifest
from dermatrust.records.narrative import Certificate, Narrative, NarrativeFlag, Stream
from dermatrust.records.rater import Rater, RaterKind
from dermatrust.records.rating import Flag, Rating, Unscored
from dermatrust.records.rationale import Rationale, RationaleFlag
from dermatrust.records.record import Record, canonical_json, storable
from dermatrust.records.score_row import ReferenceKind, ScoreRow, reference_kind

__all__ = [
    "DIMENSIONS",
    "HIGHEST_SCORE",
    "LOWEST_SCORE",
    "SKIN_GROUPS",
    "AnswerRow",
    "Case",
    "Certificate",
    "ClinicalContext",
    "DatasetCard",
    "DifferentialItem",
    "Dimension",
    "Flag",
    "ImageFlag",
    "ImageReview",
    "ImageVerdict",
    "JudgeCard",
    "Manifest",
    "ModelCard",
    "Narrative",
    "NarrativeFlag",
    "Rater",
    "RaterKind",
    "Rating",
    "Rationale",
    "RationaleFlag",
    "Record",
    "ReferenceKind",
    "ScoreRow",
    "SkinGroup",
    "Stream",
    "Unscored",
    "Urgency",
    "canonical_json",
    "iter_lines",
    "iter_placed_lines",
    "iter_records",
    "reference_kind",
    "storable",
]
