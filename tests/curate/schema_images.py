"""Photographs for schemathesis, which else would send random bytes as images."""

import io

import schemathesis
from hypothesis import strategies as st
from PIL import Image

for media_type, kind in {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}.items():
    buffer = io.BytesIO()
    Image.effect_noise((32, 24), 40).convert("RGB").save(buffer, kind)
    schemathesis.openapi.media_type(media_type, st.just(buffer.getvalue()))
