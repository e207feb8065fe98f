"""Say in words what is missing when the Python is too old."""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"Lianxin needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
