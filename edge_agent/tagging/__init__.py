"""Event models at work: from what was said to behaviour tags that explain themselves.

Read in this order: `tagger` (the port), `engine` (one conversation, utterance by utterance), `matcher` (sayings), `context`
(who said it about what), `rules` (time), `explain` (why, why not).
"""
