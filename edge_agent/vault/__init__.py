"""The vault: age v1 sealing, a seekable opening, dual control by LEGAL and HR, and the box's keys.

Bottom up: `bech32` `x25519` `header` `stream` `age` are the file format (c2sp.org/age); `durable` is the disk; `epochs` are
keys that can be destroyed; `keys`, `shares`, `wraps`, `manifest` are what an object is made of, `ways` how one gets in;
`device` is the vault itself; `request` -> `release` -> `unseal` is the way two officers open one object. Nothing here reads
media and nothing here knows the ledger.
"""
