"""`python -m edge_sync.cli`: the same as `edge-hq`."""

import sys

from edge_sync.cli import main

if __name__ == "__main__":
    sys.exit(main())
