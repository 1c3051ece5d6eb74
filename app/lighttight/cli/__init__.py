"""The command line: every command of the program, over the same session as the window.

    main        starts a command, turns what was raised into one line and an exit code
    options     what every command takes
    opening     which library, which way in, what to say once it is open
    asking      questions in a terminal, and files that hold an answer
    screen      lines, documents, times and sizes on the terminal; progress
    creating    create, recover
    ways        unlock, slots
    looking     list, show, albums
    keeping     tag, caption, favourite, delete, undelete, purge
    moving      import, export, backup, restore
    checking    verify, doctor
    record      audit
    demo        the whole story on a library that is thrown away

All of them are loaded for every command, so none of them imports the session when it is loaded:
`--help` answers before the encryption library would be there.
"""
