"""The picture that a provider gives of a code, and what it says."""

from __future__ import annotations

from typing import Any

from django.db import models


class Pictured(models.Model):
    """A code whose picture is the provider's."""

    qr_url = models.CharField(max_length=600, blank=True)
    # What the picture says when it is read; what is printed is drawn anew from it.
    qr_content = models.CharField(max_length=600, blank=True)
    # When the picture may be read next, and why the last reading failed.
    picture_try_at = models.DateTimeField(null=True)
    picture_failure = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True


def pictured(qr_url: str, qr_content: str = "") -> dict[str, Any]:
    """Return the columns of a new picture: what an older one said is no longer true."""
    return {
        "qr_url": qr_url,
        "qr_content": qr_content,
        "picture_try_at": None,
        "picture_failure": "",
    }
