"""What a platform's rule of deletion takes with it, over values only."""

from __future__ import annotations

ADDRESS, NAME, EVERYTHING = "address", "name", "everything"


def what_goes(*, was_verified: bool, is_met_elsewhere: bool) -> str:
    """Decide what goes with the platform's ids of somebody who unfollowed.

    Whoever was proved to be with a patient has a record that the law keeps (chat 3 years, the file
    15): it stays, without the platform's name. Who never was one leaves nothing behind, unless
    they are met at another account, whose own rules hold.
    """
    if is_met_elsewhere:
        return ADDRESS
    return NAME if was_verified else EVERYTHING
