"""The form of a request for scores: read by our limits, and described for OpenAPI."""

import asyncio
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from dermatrust.curate.columns import check_text
from dermatrust.curate.image_checks import LARGEST_BYTES, ImageRefusedError
from dermatrust.curate.score_problems import ApiError
from dermatrust.curate.score_service import Asked

LONGEST_NARRATIVE = 20_000
"""Characters."""
LARGEST_BODY = LARGEST_BYTES + 4 * LONGEST_NARRATIVE + 16 * 1024
ARRIVES_WITHIN_S = 60.0
_FIELDS = ("image", "narrative", "critique")
_TYPES = "image/jpeg, image/png, image/webp"
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image", "narrative"],
                "additionalProperties": False,
                "properties": {
                    "image": {
                        "type": "string", "format": "binary",
                        "description": "One photograph: JPEG, PNG or WebP by its content, at most 10 MiB, 40 "
                        "megapixels and 16,384 px a side, one frame, RGB or grey, 8 bits.",
                    },
                    "narrative": {
                        "type": "string", "maxLength": LONGEST_NARRATIVE, "pattern": r"^[^\u0000]*$",
                        "description": "The text to score. One without words scores 0 by rule.",
                    },
                    "critique": {
                        "type": "string", "enum": ["true", "false"], "default": "false",
                        "description": "Whether to write a critique too; slower.",
                    },
                },
            },
            "encoding": {"image": {"contentType": _TYPES}},
        }
    },
}  # fmt: skip
"""What OpenAPI says of the body. It is read by hand: FastAPI would read all of it before it looks at the token."""


async def read_form(request: Request) -> Asked:
    """Return what a request asks for.

    Raises:
        ApiError: 408, 413, 415 or 422.
        HTTPException: 400, the form cannot be read.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or parameters.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise ApiError(415, "the body", "is no form", "Send multipart/form-data in UTF-8.")
    try:
        async with asyncio.timeout(ARRIVES_WITHIN_S):
            async with request.form(max_files=1, max_fields=len(_FIELDS), max_part_size=8 * LONGEST_NARRATIVE) as form:
                return await _asked(form)
    except TimeoutError:
        raise ApiError(408, "the request", "did not arrive in time") from None


async def _asked(form: FormData) -> Asked:
    names = [name for name, _ in form.multi_items()]
    if len(names) != len(set(names)) or not set(names) <= set(_FIELDS):
        raise _unfit(
            "the form", "has a field twice, or one that is not known", f"Send {', '.join(_FIELDS)}, each once."
        )
    image, narrative, critique = form.get("image"), form.get("narrative"), form.get("critique", "false")
    if not isinstance(image, UploadFile):
        raise _unfit("image", "is missing, or is no file", "Send one photograph as a file. Addresses are not followed.")
    if not isinstance(narrative, str):
        raise _unfit("narrative", "is missing, or is a file", "Send the text as a field.")
    if len(narrative) > LONGEST_NARRATIVE:
        raise _unfit("narrative", f"has more than {LONGEST_NARRATIVE:,} characters", "Shorten it.")
    if critique not in ("true", "false"):
        raise _unfit("critique", "is neither true nor false")
    content = await image.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise ImageRefusedError("too many bytes")
    return Asked(content, check_text(narrative, "narrative"), critique == "true")


def _unfit(where: str, what: str, do: str = "") -> ApiError:
    return ApiError(422, where, what, do)
