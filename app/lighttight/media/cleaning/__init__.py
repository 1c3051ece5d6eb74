"""Copies made for leaving: a file taken apart, and only what is needed to show it written again.

    base       what is read, where it is written to, and what was found on the way
    jpeg, png, webp, gif
               one format each: `clean(original, write)` and `findings(original)`
    scans      where the coded data of a JPEG's scan ends
    bmff       MP4, M4V, MOV, 3GP, with `bmff_boxes`, `bmff_tracks`, `bmff_edits`,
               `bmff_entries`, `bmff_words` and `bmff_write`
    matroska   MKV and WebM
    coded      words inside the coded stream of a video
    icc        a colour profile without its texts, dates and devices
    exif       what an EXIF block gives away, and the one with the orientation alone
    notes      what XMP, IPTC and Photoshop blocks give away

Every module keeps an allow-list: a kind that is not known here does not get into a copy. They
run in the sandboxed child, but need none of its codecs: standard library only, no length
believed, memory bounded whatever the size of the original.
"""
