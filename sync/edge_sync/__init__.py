"""Everything that leaves the building, and what receives it: wire types, uplink, sink. Never imports `edge_agent`."""

__version__ = "0.1.0"
