"""Spoken numbers, judged by num2words and cn2an; amounts, dates and times as grammars give them."""

import datetime
import random

import cn2an
import pytest
from num2words import num2words

from protocols.spoken import LANGUAGES, NUMBER_MAX, SpokenError, grammar

# Zero to twenty, then tens.
ENGLISH_NUMBERS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty",
    "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
CHINESE = {
    **{f"number-{value}": sign for value, sign in enumerate("零一二三四五六七八九十")},
    "two": "两", "hundred": "百", "thousand": "千", "ten-thousand": "万", "hundred-million": "亿", "minus": "负",
    "yuan": "元", "jiao": "角", "fen": "分", "euro": "欧元", "euro-cent": "欧分", "pound": "英镑", "penny": "便士",
    "dollar": "美元", "cent": "美分", "o-clock": "点", "minute": "分", "year": "年", "month": "月", "day": "日",
    "star": "星", "hash": "井",
}  # fmt: skip


def in_english(fragments: list[str]) -> str:
    words = []
    for fragment in fragments:
        kind, _, number = fragment.partition("-")
        value = int(number) if kind == "number" else None
        place = value if value is None or value <= 20 else 18 + value // 10
        words.append(fragment if place is None else ENGLISH_NUMBERS[place])
    return " ".join(words)


def in_chinese(fragments: list[str]) -> str:
    return "".join(CHINESE[fragment] for fragment in fragments)


def numbers() -> list[int]:
    chance = random.Random(5)
    edges = [10**power + more for power in range(2, 12) for more in (-1, 0, 1, 2, 10, 12, 20, 99, 100)]
    rounds = [10**power * many for power in range(12) for many in (1, 2, 7, 10, 11, 20)]
    anywhere = [chance.randrange(10 ** chance.randrange(1, 13)) for _ in range(3000)]
    return [value for value in [*range(1200), *edges, *rounds, *anywhere] if value <= NUMBER_MAX]


def test_english_numbers_are_num2words() -> None:
    for value in numbers():
        expected = num2words(value).replace(",", "").replace("-", " ")
        assert in_english(grammar("en").number(value)) == expected
    assert in_english(grammar("en").number(-5)) == "minus five"


def test_chinese_numbers_are_cn2an() -> None:
    for value in numbers():
        expected = cn2an.an2cn(value)
        expected = expected[1:] if expected.startswith("一十") else expected  # 十二 is said, 一十二 written
        assert in_chinese(grammar("zh").number(value)).replace("两", "二") == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2, "二"), (12, "十二"), (20, "二十"), (200, "二百"), (2000, "两千"), (20_000, "两万"),
        (22_000, "两万两千"), (120_000, "十二万"), (200_000_000, "两亿"), (2_002, "两千零二"), (-10, "负十"),
        (110, "一百一十"),
    ],
)  # fmt: skip
def test_chinese_two_has_two_words(value: int, said: str) -> None:
    assert in_chinese(grammar("zh").number(value)) == said


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (0, "CNY", "zero yuan", "零元"),
        (12_345, "CNY", "one hundred and twenty three yuan and forty five fen", "一百二十三元四角五分"),
        (200, "CNY", "two yuan", "两元"),
        (505, "CNY", "five yuan and five fen", "五元零五分"),
        (50, "CNY", "fifty fen", "五角"),
        (5, "CNY", "five fen", "五分"),
        (101, "USD", "one dollar and one cent", "一美元一美分"),
        (250, "EUR", "two euros and fifty cents", "两欧元五十欧分"),
        (1, "GBP", "one penny", "一便士"),
        (-302, "GBP", "minus three pounds and two pence", "负三英镑两便士"),
    ],
)
def test_amounts(minor: int, currency: str, english: str, chinese: str) -> None:
    assert in_english(grammar("en").amount(minor, currency)) == english
    assert in_chinese(grammar("zh").amount(minor, currency)) == chinese


@pytest.mark.parametrize(
    ("date", "english", "chinese"),
    [
        ((2026, 11, 25), "ordinal-25 month-11 twenty twenty six", "二零二六年十一月二十五日"),
        ((2005, 1, 1), "ordinal-1 month-1 two thousand and five", "二零零五年一月一日"),
        ((2000, 2, 29), "ordinal-29 month-2 two thousand", "二零零零年二月二十九日"),
        ((1900, 10, 10), "ordinal-10 month-10 nineteen hundred", "一九零零年十月十日"),
        ((1908, 12, 31), "ordinal-31 month-12 nineteen oh eight", "一九零八年十二月三十一日"),
    ],
)
def test_dates(date: tuple[int, int, int], english: str, chinese: str) -> None:
    assert in_english(grammar("en").date(datetime.date(*date))) == english
    assert in_chinese(grammar("zh").date(datetime.date(*date))) == chinese


@pytest.mark.parametrize("year", [*range(1000, 2000, 7), *range(2010, 3000, 7)])
def test_english_years_are_num2words(year: int) -> None:
    if not year % 1000 // 10:  # "one thousand and five": num2words says "ten oh-five"
        return
    said = in_english(grammar("en").date(datetime.date(year, 1, 1))[2:])
    assert said == num2words(year, to="year").replace("-", " ")


def test_times() -> None:
    for time, english, chinese in (
        (datetime.time(14, 30), "fourteen thirty", "十四点三十分"),
        (datetime.time(9, 5), "nine oh five", "九点零五分"),
        (datetime.time(2), "two hundred hours", "两点"),
        (datetime.time(0, 12), "zero twelve", "零点十二分"),
    ):
        assert in_english(grammar("en").time(time)) == english
        assert in_chinese(grammar("zh").time(time)) == chinese


def test_digits() -> None:
    assert in_chinese(grammar("zh").digits("102*#")) == "一零二星井"
    assert in_english(grammar("en").digits("07")) == "zero seven"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_else_is_said_than_a_table_must_have(language: str) -> None:
    spoken = grammar(language)
    said = {fragment for value in numbers() for fragment in spoken.number(value)} | {"minus"}
    for currency in ("CNY", "EUR", "GBP", "USD"):
        said |= {fragment for minor in range(-400, 400) for fragment in spoken.amount(minor, currency)}
    for day in range(366):
        said |= set(spoken.date(datetime.date(1904 + day, 1, 1) + datetime.timedelta(days=day)))
    for minute in range(24 * 60):
        said |= set(spoken.time(datetime.time(minute // 60, minute % 60)))
    said |= set(spoken.digits("0123456789*#"))
    assert said == spoken.fragments()


@pytest.mark.parametrize(
    ("say", "text"),
    [
        (lambda: grammar("fr"), "language 'fr'"),
        (lambda: grammar("en").number(10**12), "1000000000000"),
        (lambda: grammar("zh").number(-(10**12)), "-1000000000000"),
        (lambda: grammar("en").digits("12a"), "'12a'"),
        (lambda: grammar("en").digits(""), "''"),
        (lambda: grammar("en").amount(1, "JPY"), "currency 'JPY'"),
        (lambda: grammar("zh").amount(10**14, "CNY"), "100000000000000"),
        (lambda: grammar("zh").date(datetime.date(999, 1, 1)), "year 999"),
    ],
)
def test_what_cannot_be_spoken_is_named(say: object, text: str) -> None:
    assert callable(say)
    with pytest.raises(SpokenError, match=text):
        say()
