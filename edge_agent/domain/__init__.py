"""What the product talks about, as frozen records without I/O: recordings, transcripts, tags, shelves."""
