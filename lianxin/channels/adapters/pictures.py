"""The QR pictures that providers give: fetched within limits, and read."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import httpx
import zxingcpp
from PIL import Image

from lianxin.channels.adapters.reactions import load_facts

# What the providers' pictures are; every other decoder stays shut.
PICTURE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MOST_CONTENT = 600


async def fetch_picture(client: httpx.AsyncClient, url: str) -> bytes | None:
    """Return the picture, None when it is not there now; one that is too large is no picture."""
    if urlsplit(url).scheme not in {"http", "https"}:
        return b""
    try:
        async with client.stream("GET", url) as response:
            return await read_body(response) if response.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


async def read_body(response: httpx.Response) -> bytes:
    most = load_facts()["code_picture_bytes"]
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > most:
            return b""
    return bytes(body)


def read_code(picture: bytes) -> str:
    """Return what the one QR code in a picture says; empty when there is none or are several."""
    most = load_facts()["code_picture_pixels"]
    try:
        with Image.open(io.BytesIO(picture), formats=PICTURE_FORMATS) as image:
            if max(image.size) > most:
                return ""
            grey = image.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
    found = zxingcpp.read_barcodes(
        grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    texts = {one.text for one in found}
    text = texts.pop() if len(texts) == 1 else ""
    return text if len(text) <= MOST_CONTENT and text.isprintable() else ""
