"""What the people on a recording, and the law, may ask of this box: consent records, withdrawal, a copy, erasure, legal holds.

A person is named on the command line by the code under which the store knows them; only its keyed pseudonym goes further. Each
act is one transaction of the ledger first and the shredding of keys second, so that it can be interrupted anywhere: a worker, or
the next command, goes on from the ledger's decision.
"""
