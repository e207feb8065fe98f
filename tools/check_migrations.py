"""Fail when a model changed and its migration was not written."""

from __future__ import annotations

import os


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "lianxin.testing.settings"
    import django  # noqa: PLC0415 - the settings make the test database first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - needs Django

    call_command("makemigrations", check=True, dry_run=True)


if __name__ == "__main__":
    main()
