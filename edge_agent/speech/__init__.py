"""Recognises who said what and when: a stream of foreign media in, a domain Transcript out, in bounded memory.

    sandbox blocks -> clips (speech between silences) -> windows of up to 28 s -> recogniser, 8 at a time -> pieces -> utterances

Start reading in `transcriber`; `clips`, `windows`, `recogniser`, `pieces`, `guard` and `turns` are its steps in that order.
During a talk `live` does the same for one utterance after the other: `endpoints` finds them, `rate` makes any sound 16 kHz.
Time inside is counted in samples at 16 kHz of the recording's own clock, and becomes milliseconds in `turns`.
Import the modules lazily: they pull in numpy and faster-whisper. Not here: decoding files (`sandbox`), meaning (`tagging`).
"""
