"""The edge appliance: on-prem voice and shelf-video analysis. Start reading at `edge_agent.pipeline`."""

__version__ = "0.1.0"
