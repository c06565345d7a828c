"""The edge appliance: on-prem voice and shelf-video analysis. Start reading at `edge_agent.pipeline`."""

import os

__version__ = "0.1.0"

# Importing onnxruntime (1.32) draws a device id and opens a queue of events for its maker under ~/.cache, before any switch of
# its own can be reached. Here nothing is counted, and no library writes where nobody looks.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
