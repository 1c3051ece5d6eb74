"""Stamps the page of a proof file: digests of its script and style, and its own in the verifier.

    python -m tests.support.proof_page

Run after either was edited. The page allows exactly its own script and style, and `verify.py` knows
exactly this page; a test compares what stands there with what this would write.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from pathlib import Path

from lighttight.audit import packs

FOLDER = Path(packs.__file__).parent / "proof"
PAGE = FOLDER / "README.html"
VERIFIER = FOLDER / "verify.py"


def stamped() -> tuple[str, str]:
    """The page and the verifier as they should be."""
    page = PAGE.read_text(encoding="utf-8")
    for name in ("script", "style"):
        found = re.search(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        if found is None:
            raise ValueError(name)
        digest = base64.b64encode(sha256(found[1].encode()).digest()).decode()
        page = re.sub(rf"{name}-src '[^']*'", f"{name}-src 'sha256-{digest}'", page)
    bare = page.replace(packs.PLACE, "").encode()
    verifier = VERIFIER.read_text(encoding="utf-8")
    return page, re.sub(r'(?m)^PAGE = ".*"$', f'PAGE = "{sha256(bare).hexdigest()}"', verifier)


if __name__ == "__main__":
    page, verifier = stamped()
    PAGE.write_text(page, encoding="utf-8")
    VERIFIER.write_text(verifier, encoding="utf-8")
