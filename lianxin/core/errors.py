"""The three ways a request can be refused. The frames turn them into 404, 403 and 409."""

from __future__ import annotations


class NotFoundError(Exception):
    """It does not exist, or the actor may not know that it does."""


class ForbiddenError(Exception):
    """The actor may see it and may not do this to it."""


class RefusedError(Exception):
    """The rules of the domain say no. The message is shown to people, so write it for them."""
