"""Text during the talk: `talk.Live` is the door.

    sound -> rate (makes it 16 kHz) -> lane (one for each channel) -> endpoints (where utterances end) -> talk (their text)

Windows, recogniser, pieces and terms are those of the analysis after the call. Not here: threads, clocks, sealing (`listening`).
"""
