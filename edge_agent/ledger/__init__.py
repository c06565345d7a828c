"""The one record of what happened: recordings, tags, the outbox and the audit log, in one SQLite file.

`book` is the writer the pipeline sees, `reading` what the command line shows, `uplink` the read-only view of the process with
network, `watermarks` the socket by which that process asks the worker. The audit log is a Merkle tree (`audit`, `tree`); its
`checkpoints` go to HQ, whose cosignature comes back (`witnessing`); `integrity` binds the other tables to it. No sentence and no
file name is ever stored here, and a person only as a keyed pseudonym, in rows that can be forgotten (`subjects`, `consents`);
`keeping` is how recordings end.
"""
