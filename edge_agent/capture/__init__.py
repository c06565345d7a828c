"""Where recordings come in: the file inbox (`inbox`) with its sidecar files (`sidecar`), and the recorder that feeds it
(`recorder`, one `segment` at a time, from `microphones`). `storage` tells what a folder lies on.

A `line` holds one microphone open, through unplugging; `pump` is a file in its place. What is listened to live goes to the seal
on a `reel`, past the inbox.
"""
