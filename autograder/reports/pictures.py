"""Which pictures a page may carry: small ones of the usual kinds, as part of the page."""

from __future__ import annotations

import base64
import io
import re
import warnings

from PIL import Image

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
MAX_BYTES = 1_000_000
MAX_PIXELS = 16_000_000  # a page of a few bytes can ask a browser for gigabytes

_DATA = re.compile(r"data:(image/[a-z]+);base64,", re.IGNORECASE)


def is_picture(address: str) -> bool:
    """Whether an address is itself such a picture."""
    head = _DATA.match(address)
    return head is not None and is_sound(head[1].lower(), address[head.end() :])


def is_sound(kind: str, content: str) -> bool:
    """Whether base64 ``content`` is a picture of that ``kind`` that any browser can show."""
    if kind not in KINDS or len(content) > MAX_BYTES * 4 / 3 + 4:
        return False
    try:
        data = io.BytesIO(base64.b64decode(content))
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(data, formats=[KINDS[kind]]) as picture:  # reads its head alone
                return picture.width * picture.height <= MAX_PIXELS
    except (ValueError, OSError, SyntaxError, Warning, Image.DecompressionBombError):
        return False
