"""Terms of the trade by their sound: how words are spoken, how alike two sound, and terms put where they were misheard.

`recovery.Recovery` is the door. It knows pinyin and lists of terms, nothing of audio: what the sound itself says for or against
an uncertain candidate is asked in `speech`.
"""
