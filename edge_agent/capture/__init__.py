"""Where recordings come in. Today: the file inbox (`inbox`) with its sidecar files (`sidecar`)."""
