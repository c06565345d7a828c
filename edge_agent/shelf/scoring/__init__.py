"""From slot verdicts to the scores of a scan."""
