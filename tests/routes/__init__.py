"""Every route, asked by everybody: 403 and a line, 404, the sign-in, and never a 500.

Each room asks these questions of its own pages too; here no route can be forgotten. A new one is
found by itself; where it needs a line in `table.py` or `keys.py`, `test_table.py` says which.
"""
