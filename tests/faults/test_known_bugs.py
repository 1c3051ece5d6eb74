"""Defects put in on purpose: a campaign that misses one proves nothing about the others."""

from __future__ import annotations

import sys

import pytest

from tests.faults.test_campaigns import can_run
from tests.support.faults import running
from tests.support.faults.bugs import BUGS

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows can neither fork nor SIGKILL"
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BUGS)
def test_the_campaign_notices(name: str) -> None:
    can_run(BUGS[name].layer)
    summary = running.run("bug", "--bug", name)
    assert summary["failures"], "this defect went unnoticed: the campaign is void"
