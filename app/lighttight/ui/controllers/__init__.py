"""The flows of the window: each connects pages with an open library, through jobs.

    program      what all flows share: the window, the jobs, and the session that is open
    presenter    errors become words here, and nowhere else
    sources      previews, pictures and videos for the grid and the viewer
    choosing     dialogs for files and folders, which leave no trace of what was chosen
    starting     what is shown first, and leaving
    welcoming    a new library
    unlocking    opening one, in every way that it can go
    regaining    a usual way in again, after recovery words opened the library
    browsing     places, search, and keeping the grid up to date
    listing      the cells of one view in one grid
    details      what is said about what is selected
    acting       favourites, trash, albums, saving outside
    importing    pictures coming in
    locking      locking by key, when idle, on sleep and sign-out
    closing      what was locked, until its keys are gone
    preferring   the settings
    keeping      ways in, rotation, a second copy
    acts         long acts upon the whole library, one at a time

A flow is thin: what is true is decided by the engine, what it looks like by the page.
"""
