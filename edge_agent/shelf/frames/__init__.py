"""Which frames of a video are used, where the bay lies in them, and their light."""
