"""The only room that decodes media, and never in the program's own process.

    client     what the rest of the program calls: `Decoder`, `Probe`, `Pixels`
    process    the broker's process, seen from the program
    sniff      which format, from the first bytes alone; pure, runs in the program
    tags       EXIF, wherever it sits: when, where, with what; read in the child
    cleaning   files taken apart, and copies made for leaving; read in the child
    preview    pixels to a small JPEG; encodes only, runs in the program
    samples    a few small pictures and a video, made from nothing, for `demo`
    wire       the bytes between program, broker and child, and their strict reading
    broker     a key-free process that forks one child per file
    sandbox    what the child gives up before it sees the first byte
    worker     the codecs; imported by the broker and by nobody else

Nothing here writes to disk, and nothing here knows of vaults.
"""
