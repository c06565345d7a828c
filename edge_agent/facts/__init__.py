"""What was named in a talk: numbers, money, dates, quantities, and what identifies a person. Text in, `domain.notes.Fact` out.

- `numbers` is the house's one reading of numbers; `line` folds a sentence without moving a character.
- `identifiers` (rows of digits), `plates` and `accounts` find what identifies somebody: by structure and check digit first, the
  words around decide the rest. `dates` and `amounts` read what is left.
- `reading` puts them together for a sentence, `talk` for a talk (`dictation`: a number said over several utterances).
- Values: money and numbers in digits, days and lengths of time in ISO 8601, ranges as `low/high`, identifiers bare; `amounts`,
  `dates`, `identifiers` and `plates` say more. Empty = named, but it cannot be told which (几百块).
- `writing` writes a sentence's numbers in digits, `masking` hides what is personal.

Nothing here needs a library, a model or the network. The expressions are ours and linear: no repetition of a repetition.
"""

from edge_agent.facts.masking import hide, mask, masked, masked_document, masked_touch
from edge_agent.facts.reading import find
from edge_agent.facts.talk import note
from edge_agent.facts.writing import in_digits, with_digits

__all__ = ["find", "hide", "in_digits", "mask", "masked", "masked_document", "masked_touch", "note", "with_digits"]
