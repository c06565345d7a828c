"""The one record of what happened: recordings, tags, the outbox and the audit chain, in one SQLite file.

`book` is the writer the pipeline sees, `reading` what the command line shows, `uplink` the read-only view of the process with
network, `watermarks` the socket by which that process asks the worker. No sentence, file name or person is ever stored here.
"""
