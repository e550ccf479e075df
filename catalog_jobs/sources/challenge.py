"""Pages that ask whether one is human."""

import re

_SIGNS = re.compile(
    r"captcha|cf-chl|challenge-platform|just a moment\.\.\.|perimeterx|px-block|datadome|_incapsula_"
    r"|access denied|are you (a )?(human|robot)|verify (that )?you are (a )?human|unusual traffic|attention required!",
    re.IGNORECASE,
)
_LOOKED_AT = 200_000
"""Characters. A challenge is a short page; a long one has other reasons to show no product."""


def is_challenge(text: str) -> bool:
    """Whether a page that shows no product looks like a challenge. Product pages may carry the same signs."""
    return _SIGNS.search(text[:_LOOKED_AT]) is not None
