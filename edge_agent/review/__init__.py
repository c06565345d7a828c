"""What follows from a finished talk and its tags: the customer's mood, the rep's claims, scorecards, the opportunity card.

Read `reviewer` first (the port); `mood`, `claims`, `scorecards` and `card` each know nothing of the others. Codes, numbers and
offsets come out, never a quote.
"""
