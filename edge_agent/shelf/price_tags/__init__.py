"""Price tags: where they hang, what they say, and what several readings settle."""
