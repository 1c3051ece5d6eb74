"""What is in the vault: items, albums, tags, search, the trash, and how things come in.

    library     `Library`: the read side, and the parts below
    items       rows to values, an item by id or by the beginning of its id
    views       which items a view shows, in which order, fast at 100,000
    query       what a person typed into the search, as conditions; pure
    search      the full-text projection, kept up in each transaction and compared with the items
    albums      albums
    marks       favourites, captions, tags
    trash       the trash, and deleting for good
    importing   from files outside to items inside
    originals   removing the file outside, when asked and when nothing can be lost by it
    labels      what a name may look like

Every change takes one transaction of the vault and leaves one act in the record; an act that
changes nothing leaves nothing.
"""
