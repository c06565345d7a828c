"""Cameras: their streams are pulled by processes with the network and without keys, and sealed by one with keys and without it.

    nursery -> puller (one connection of one camera) -> `wire`, over one socket -> footage -> the seal

The nursery is started before the sealing process reads a key or leaves the network (`seclusion`), and starts a puller for each
connection. A puller opens the stream (`address`), gives up what it no longer needs, and hands on packets in a container, never a
picture. Whatever ends a connection ends its puller; the nursery starts the next one after a while.
"""
