"""An article's cover: one shape, small enough for the platform, plain if nobody chose a picture."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from lianxin.channels.adapters.pictures import PICTURE_FORMATS
from lianxin.channels.adapters.reactions import load_facts, read_limits

COLOUR = (15, 118, 110)
# From good to bearable: the first that is small enough is taken.
QUALITIES = (85, 70, 55, 40, 25)


def make_plain_cover() -> bytes:
    limits = read_limits()["cover"]
    return encode(Image.new("RGB", (limits["width"], limits["height"]), COLOUR), limits["bytes"])


def make_cover(picture: bytes) -> bytes:
    """Cut the middle out in the platform's shape; empty when it is no picture we can read."""
    limits = read_limits()["cover"]
    most = load_facts()["code_picture_pixels"]
    try:
        with Image.open(io.BytesIO(picture), formats=PICTURE_FORMATS) as image:
            if max(image.size) > most:
                return b""
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""
    paper = Image.new("RGBA", upright.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(paper, upright).convert("RGB")
    return encode(ImageOps.fit(flat, (limits["width"], limits["height"])), limits["bytes"])


def encode(image: Image.Image, most: int) -> bytes:
    """Return a JPEG without what the camera wrote into it, below the size that is taken."""
    for quality in QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= most:
            return file.getvalue()
    return encode(image.resize((image.width // 2, image.height // 2)), most)
