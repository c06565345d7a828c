"""Character error rate for Mandarin as people would count it: simplified, without punctuation, numbers read aloud.

80% = 百分之八十 = 八十; 8.5折 = 八点五折; 1990年 = 一九九零年; 两 = 二; 〇 = 零. The tests are the only place that knows this.
"""

import re
import unicodedata

import cn2an
import jiwer
import opencc

DIGITS = "零一二三四五六七八九"
SIMPLIFIED = opencc.OpenCC("t2s")


def plain(text: str) -> str:
    """Only what is spoken, one way of writing it."""
    text = SIMPLIFIED.convert(unicodedata.normalize("NFKC", text)).lower()
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = text.replace("%", "").replace("百分之", "")
    text = re.sub(r"\d{4}(?=年)", lambda match: one_by_one(match[0]), text)
    text = re.sub(r"\d+(?:\.\d+)?", lambda match: aloud(match[0]), text)
    text = text.replace("〇", "零").replace("两", "二")
    return "".join(character for character in text if character.isalnum())


def aloud(number: str) -> str:
    whole = number.partition(".")[0]
    if len(whole) > 12 or (len(whole) > 1 and whole.startswith("0")):
        return one_by_one(number.replace(".", "点"))
    return str(cn2an.an2cn(number))


def one_by_one(digits: str) -> str:
    return "".join(DIGITS[int(digit)] if digit.isdigit() else digit for digit in digits)


def character_error_rate(said: str, heard: str) -> float:
    return float(jiwer.cer(plain(said), plain(heard)))
