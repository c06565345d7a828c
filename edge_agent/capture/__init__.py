"""Where recordings come in: the file inbox (`inbox`) with its sidecar files (`sidecar`), and the recorder that feeds it
(`recorder`, one `segment` at a time, from `microphones`). `storage` tells what a folder lies on.
"""
