"""A clean copy without decoding, by the one module that knows the format.

The same walk answers what would be removed (`Op.FINDINGS`) and writes the copy (`Op.CLEAN`).
Formats that are not in the table have to be decoded, and the program is told so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lighttight.media.cleaning import bmff, gif, jpeg, matroska, png, webp
from lighttight.media.cleaning.base import Damaged, Finding, Original, Uncleanable, Write, drop
from lighttight.media.sniff import Sniffed
from lighttight.media.wire import MAX_FINDINGS, Op, Request, Undecodable
from lighttight.media.worker import remux

if TYPE_CHECKING:
    from lighttight.media.worker.remote import Channel

Walk = Callable[[Original, Write], tuple[Finding, ...]]

_WALKS: Final[dict[str, tuple[str, Walk]]] = {
    "gif": ("gif", gif.clean),
    "jpeg": ("jpeg", jpeg.clean),
    "png": ("png", png.clean),
    "webp": ("webp", webp.clean),
    **{name: (name, bmff.clean) for name in ("mp4", "m4v", "mov", "3gp")},
    **{name: (name, matroska.clean) for name in ("mkv", "webm")},
    "mpegts": ("mp4", partial(remux.clean, "mpegts")),
    "avi": ("mov", partial(remux.clean, "avi")),
}
"""Container of the original: that of the copy, and who makes it."""


def answer(request: Request, channel: Channel, sniffed: Sniffed) -> dict[str, Any]:
    if sniffed.container not in _WALKS:
        raise Undecodable("codec")
    container, walk = _WALKS[sniffed.container]
    try:
        found = walk(channel, channel.write if request.op is Op.CLEAN else drop)
    except Damaged as error:
        raise Undecodable("damaged") from error
    except Uncleanable as error:
        raise Undecodable(error.reason) from error
    told = [{"kind": one.kind.value, "detail": one.detail} for one in found[:MAX_FINDINGS]]
    return {"clean": {"container": container, "findings": told}}
