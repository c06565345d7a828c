"""The lexicon: terms, brands, products and event models as data, loaded once and used by speech and tagging.

`load.load(...)` reads and checks everything, `model` holds the closed schemas, `examples` reads the example notation.
The format is written for business staff in `lexicons/README.md`.
"""
