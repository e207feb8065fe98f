"""Make sure the browser tests can run: Chromium and Chinese fonts from Debian.

As root on Debian it installs them; otherwise it says what to install and fails, because a test
run without its browser tests would only look green.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ["chromium", "fonts-noto-cjk"]
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def is_ready() -> bool:
    has_font = FONT.exists() or not Path("/etc/debian_version").exists()
    return shutil.which("chromium") is not None and has_font


def main() -> int:
    if is_ready():
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.stderr.write(
            "The browser tests need Chromium and a Chinese font. On Debian, as root:\n"
            f"    apt-get install {' '.join(PACKAGES)}\n"
        )
        return 1
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return 0 if is_ready() else 1


if __name__ == "__main__":
    sys.exit(main())
