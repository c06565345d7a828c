"""Recognises who said what and when: a stream of foreign media in, a domain Transcript out, in bounded memory.

    sandbox blocks -> lanes -> clips -> windows (28 s) -> recogniser (in batches, side by side) -> pieces -> turns -> utterances

Start reading in `transcriber`, which is that way from end to end; then its steps in this order:
  lanes        the channels, and whose each is: `crosstalk` knows the sound of another one in it
  clips        speech between silences; `windows` are clips in a row, as long as the recogniser likes them
  readers      windows side by side on the processor's cores, within what `memory` allows
  recogniser   the model; `hearing` hears noisy sound a second time
  pieces       the words of each clip, written as `writing` says; clips that were passed over are read again (`skipped`)
  guard, sieve what nobody said: known inventions and loops; what came of babble and noise
  trade        the terms of the trade, read with hints and put where the sound bears it out (`evidence`)
  voices       who speaks on one channel: `timbre` is how a voice sounds, `tensors` reads its weights, `naming` tells whose it is
  turns        pieces become utterances: echoes dropped, backchannel and overlap marked
  quality      how far to rely on it; `sound` measures level, noise and band
During a talk `live` does the same for one utterance after the other.

Time inside is counted in samples at 16 kHz of the recording's own clock, and becomes milliseconds in `turns`.
Import the modules lazily: they pull in numpy and faster-whisper. Not here: decoding files (`sandbox`), how terms sound (`terms`),
numbers and money in a text (`facts`), meaning (`tagging`).
"""
