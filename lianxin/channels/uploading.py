"""Having files at the provider just before they are needed: kept ids, or uploaded now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asgiref.sync import sync_to_async

from lianxin.channels import actions, queries
from lianxin.channels.adapters import uploads
from lianxin.channels.adapters.base import MAY_HAVE_ARRIVED, AccountFacts, Attachment, SendFailed
from lianxin.channels.adapters.provider_http import Provider, ProviderError, UploadFile
from lianxin.channels.adapters.uploads import MESSAGE, PICTURE, Uploaded
from lianxin.channels.adapters.wecom.attachments import cover_key
from lianxin.channels.models import MediaFile
from lianxin.core import time
from lianxin.core.scope import scope

EXPIRED = "media_expired"


async def prepare_media(provider: Provider, use: str, files: Iterable[str]) -> dict[str, str]:
    """Return the provider's ids of these files; two workers at once only upload it twice."""
    wanted = sorted(set(files) - {""})
    if not wanted:
        return {}
    found = await sync_to_async(read_good)(provider.account, use, wanted)
    for sha256 in wanted:
        if sha256 not in found:
            file = await sync_to_async(read_file)(provider.account, sha256)
            uploaded = await upload_file(provider, use, file)
            await sync_to_async(store)(provider.account, sha256, use, uploaded)
            found[sha256] = uploaded.media_id
    return found


async def prepare_files(provider: Provider, attachments: Sequence[Attachment]) -> dict[str, str]:
    """Have the files at the provider: by their ids, and the covers of links by an address."""
    files = [one.file for one in attachments if one.kind != "link"]
    covers = [one.file for one in attachments if one.kind == "link"]
    addresses = await prepare_media(provider, PICTURE, covers)
    found = {cover_key(file): url for file, url in addresses.items()}
    return found | await prepare_media(provider, MESSAGE, files)


# Providers look at the name's ending. The name itself stays here: it may say whose file it is.
ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "audio/amr": ".amr",
    "application/pdf": ".pdf",
}


async def upload_file(provider: Provider, use: str, file: MediaFile) -> Uploaded:
    """Upload, and never let silence look as if the message itself might have arrived."""
    name = f"{file.kind}{ENDINGS.get(file.content_type, '')}"
    form = UploadFile(name, file.content_type, bytes(file.content))
    try:
        return await uploads.upload(provider, use, file.kind, form)
    except ProviderError as error:
        if error.reason not in MAY_HAVE_ARRIVED:
            raise
        raise SendFailed("provider_unreachable", permanent=False) from error


async def renew_media(provider: Provider, use: str, sha256: str) -> None:
    """Upload a file although its id may still be good: the newest id is the one that is used."""
    file = await sync_to_async(read_file)(provider.account, sha256)
    uploaded = await upload_file(provider, use, file)
    await sync_to_async(store)(provider.account, sha256, use, uploaded)


async def ready_media(provider: Provider, use: str, files: Iterable[str]) -> dict[str, str]:
    """Return the ids that are good now; nothing is uploaded."""
    wanted = sorted(set(files) - {""})
    return await sync_to_async(read_good)(provider.account, use, wanted) if wanted else {}


async def forget_media(provider: Provider, use: str, files: Iterable[str]) -> None:
    await sync_to_async(forget)(provider.account, use, list(files))


def read_good(account: AccountFacts, use: str, files: list[str]) -> dict[str, str]:
    with scope(account.hospital_id):
        return queries.good_media(account.id, use, files, time.now())


def read_file(account: AccountFacts, sha256: str) -> MediaFile:
    with scope(account.hospital_id):
        file = queries.find_file(account.hospital_id, sha256)
    if file is None:
        raise SendFailed("attachment_missing", permanent=True)
    return file


def store(account: AccountFacts, sha256: str, use: str, uploaded: Uploaded) -> None:
    with scope(account.hospital_id):
        actions.store_media(account, sha256, use, uploaded)


def forget(account: AccountFacts, use: str, files: list[str]) -> None:
    with scope(account.hospital_id):
        actions.forget_media(account.id, files, use)
