"""Numbers, digits, amounts, dates and times as sequences of spoken fragments, in English and Chinese.

What is returned are names of fragments; which sound each has is data (firmware/sounds/*/fragments.toml).
"""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NUMBER_MAX: Final = 10**12 - 1  # of the absolute value
YEARS: Final = range(1000, 3000)

# ISO 4217 codes, and how many minor units make a major one.
CURRENCIES: Final = ("CNY", "EUR", "GBP", "USD")
MINOR_UNITS: Final = 100


class SpokenError(ValueError):
    """What cannot be spoken, and what can."""


class Grammar(ABC):
    """How a language puts fragments together."""

    def number(self, value: int) -> list[str]:
        """A whole number; raises SpokenError beyond ±NUMBER_MAX."""
        _check(abs(value) <= NUMBER_MAX, f"{value}: numbers from -{NUMBER_MAX} to {NUMBER_MAX} can be spoken")
        if value < 0:
            return ["minus", *self.cardinal(-value)]
        return self.cardinal(value)

    def digits(self, text: str) -> list[str]:
        """Characters of a telephone keypad one by one."""
        names = {**{str(digit): f"number-{digit}" for digit in range(10)}, "*": "star", "#": "hash"}
        _check(text != "" and set(text) <= set(names), f"{text!r}: digits, * and # can be spelled")
        return [names[character] for character in text]

    def amount(self, minor_units: int, currency: str) -> list[str]:
        """Money, counted in hundredths; raises SpokenError for a currency that is not in CURRENCIES."""
        _check(currency in CURRENCIES, f"currency {currency!r}: {', '.join(CURRENCIES)} can be spoken")
        major, minor = divmod(abs(minor_units), MINOR_UNITS)
        _check(major <= NUMBER_MAX, f"an amount of {minor_units}: at most {NUMBER_MAX} major units can be spoken")
        sign = ["minus"] if minor_units < 0 else []
        return sign + self.money(major, minor, currency)

    def time(self, time: datetime.time) -> list[str]:
        """Hours (0-23) and minutes."""
        return self.clock(time.hour, time.minute)

    def date(self, date: datetime.date) -> list[str]:
        """Day, month and year, without the day of the week; raises SpokenError for years outside YEARS."""
        _check(date.year in YEARS, f"year {date.year}: {YEARS.start} to {YEARS.stop - 1} can be spoken")
        return self.calendar(date)

    @abstractmethod
    def cardinal(self, value: int) -> list[str]:
        """A number of 0 … NUMBER_MAX."""

    @abstractmethod
    def money(self, major: int, minor: int, currency: str) -> list[str]:
        """So many major units and hundredths."""

    @abstractmethod
    def clock(self, hour: int, minute: int) -> list[str]:
        """A time of day."""

    @abstractmethod
    def calendar(self, date: datetime.date) -> list[str]:
        """A date of a year in YEARS."""

    @abstractmethod
    def fragments(self) -> frozenset[str]:
        """Every name that may be returned: what a table must have."""


COMMON_FRAGMENTS: Final = frozenset({"minus", "star", "hash", *(f"number-{digit}" for digit in range(10))})


class English(Grammar):
    """British: "one hundred and one", "the 25th of November, twenty twenty-six" without its small words."""

    SCALES: Final = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
    # One, and many.
    MONEY: Final = MappingProxyType(
        {
            "CNY": ("yuan", "yuan"),
            "EUR": ("euro", "euros"),
            "GBP": ("pound", "pounds"),
            "USD": ("dollar", "dollars"),
        }
    )
    SMALL_MONEY: Final = MappingProxyType(
        {
            "CNY": ("fen", "fen"),
            "EUR": ("cent", "cents"),
            "GBP": ("penny", "pence"),
            "USD": ("cent", "cents"),
        }
    )

    def cardinal(self, value: int) -> list[str]:
        """Thousands by thousands."""
        spoken: list[str] = []
        for scale, name in self.SCALES:
            if value >= scale:
                spoken += [*self._below_thousand(value // scale), name]
                value %= scale
        if spoken and 0 < value < MINOR_UNITS:
            spoken.append("and")
        if value or not spoken:
            spoken += self._below_thousand(value)
        return spoken

    def _below_thousand(self, value: int) -> list[str]:
        hundreds, rest = divmod(value, 100)
        spoken = [f"number-{hundreds}", "hundred"] if hundreds else []
        if hundreds and rest:
            spoken.append("and")
        if rest or not hundreds:
            spoken += self._below_hundred(rest)
        return spoken

    @staticmethod
    def _below_hundred(value: int) -> list[str]:
        tens, ones = divmod(value, 10)
        if tens < 2 or not ones:
            return [f"number-{value}"]
        return [f"number-{10 * tens}", f"number-{ones}"]

    def money(self, major: int, minor: int, currency: str) -> list[str]:
        """Major units and, where there are any, minor ones."""
        parts = [(major, self.MONEY[currency])] if major or not minor else []
        if minor:
            parts.append((minor, self.SMALL_MONEY[currency]))
        spoken: list[str] = []
        for count, (one, many) in parts:
            spoken += ["and"] if spoken else []
            spoken += [*self.cardinal(count), one if count == 1 else many]
        return spoken

    def clock(self, hour: int, minute: int) -> list[str]:
        """Twenty-four hours: "fourteen thirty", "nine oh five", "eighteen hundred hours"."""
        if not minute:
            return [*self._below_hundred(hour), "hundred", "hours"]
        oh = ["oh"] if minute < 10 else []
        return [*self._below_hundred(hour), *oh, *self._below_hundred(minute)]

    def calendar(self, date: datetime.date) -> list[str]:
        """Day as ordinal, month, year in pairs of digits where people say it so."""
        return [f"ordinal-{date.day}", f"month-{date.month}", *self._year(date.year)]

    def _year(self, year: int) -> list[str]:
        century, rest = divmod(year, 100)
        if not century % 10 and rest < 10:  # two thousand and five
            return self.cardinal(year)
        if not rest:
            return [*self._below_hundred(century), "hundred"]
        return [*self._below_hundred(century), *(["oh"] if rest < 10 else []), *self._below_hundred(rest)]

    def fragments(self) -> frozenset[str]:
        """Numbers to 20 and tens, ordinals, months, scales, money."""
        numbers = {f"number-{value}" for value in (*range(20), *range(20, 100, 10))}
        ordinals = {f"ordinal-{day}" for day in range(1, 32)}
        months = {f"month-{month}" for month in range(1, 13)}
        money = {name for table in (self.MONEY, self.SMALL_MONEY) for pair in table.values() for name in pair}
        words = {"hundred", "and", "oh", "hours", *(name for _, name in self.SCALES)}
        return COMMON_FRAGMENTS | numbers | ordinals | months | money | words


class Chinese(Grammar):
    """Mandarin: 两 before 千, 万, 亿 and measure words, 二 elsewhere; 零 for a gap of one or more places."""

    SCALES: Final = ((10**8, "hundred-million"), (10**4, "ten-thousand"))
    PLACES: Final = ((1000, "thousand"), (100, "hundred"), (10, "number-10"))
    MONEY: Final = MappingProxyType({"CNY": "yuan", "EUR": "euro", "GBP": "pound", "USD": "dollar"})
    SMALL_MONEY: Final = MappingProxyType({"EUR": "euro-cent", "GBP": "penny", "USD": "cent"})

    def cardinal(self, value: int) -> list[str]:
        """Groups of four places."""
        spoken: list[str] = []
        for scale, name in self.SCALES:
            if value >= scale:
                gap = bool(spoken) and value // scale < 1000
                spoken += [*(["number-0"] if gap else []), *self._count(value // scale, bool(spoken)), name]
                value %= scale
        if spoken and 0 < value < 1000:
            spoken.append("number-0")
        if value or not spoken:
            spoken += self._below_ten_thousand(value, bool(spoken))
        return spoken

    def _count(self, value: int, within: bool = False) -> list[str]:
        """A number before 万, 亿 or a measure word."""
        if value == 2:
            return ["two"]
        return self._below_ten_thousand(value, within)

    def _below_ten_thousand(self, value: int, within: bool) -> list[str]:
        """`within` a larger number ten is 一十, at its beginning 十."""
        if value < 10:
            return [f"number-{value}"]
        spoken: list[str] = []
        gap = False
        for place, name in self.PLACES:
            digit, value = divmod(value, place)
            if digit:
                spoken += ["number-0"] if gap and spoken else []
                bare = place == 10 and digit == 1 and not spoken and not within
                ones = ["two"] if place == 1000 and digit == 2 else [f"number-{digit}"]
                spoken += ([] if bare else ones) + [name]
            gap = not digit
        if value:
            spoken += ["number-0"] if gap and spoken else []
            spoken.append(f"number-{value}")
        return spoken

    def money(self, major: int, minor: int, currency: str) -> list[str]:
        """元角分; other currencies have hundredths only."""
        spoken: list[str] = []
        if major or not minor:
            spoken += [*(["two"] if major == 2 else self.cardinal(major)), self.MONEY[currency]]
        if not minor:
            return spoken
        if currency != "CNY":
            return [*spoken, *self._count(minor), self.SMALL_MONEY[currency]]
        jiao, fen = divmod(minor, 10)
        if jiao:
            spoken += [f"number-{jiao}", "jiao"]
        elif spoken:
            spoken.append("number-0")
        if fen:
            spoken += [f"number-{fen}", "fen"]
        return spoken

    def clock(self, hour: int, minute: int) -> list[str]:
        """点 and 分; the hour two is 两点."""
        spoken = [*self._count(hour), "o-clock"]
        if not minute:
            return spoken
        zero = ["number-0"] if minute < 10 else []
        return [*spoken, *zero, *self._below_ten_thousand(minute, False), "minute"]

    def calendar(self, date: datetime.date) -> list[str]:
        """The year digit by digit."""
        day = self._below_ten_thousand(date.day, False)
        month = self._below_ten_thousand(date.month, False)
        return [*self.digits(str(date.year)), "year", *month, "month", *day, "day"]

    def fragments(self) -> frozenset[str]:
        """Ten digits, places, measure words."""
        places = {name for _, name in (*self.SCALES, *self.PLACES)}
        money = {*self.MONEY.values(), *self.SMALL_MONEY.values(), "jiao", "fen"}
        return COMMON_FRAGMENTS | places | money | {"two", "o-clock", "minute", "year", "month", "day"}


LANGUAGES: Final[Mapping[str, Grammar]] = MappingProxyType({"en": English(), "zh": Chinese()})


def grammar(language: str) -> Grammar:
    """The grammar of a language by its ISO 639 code; raises SpokenError."""
    _check(language in LANGUAGES, f"language {language!r}: {', '.join(LANGUAGES)} can be spoken")
    return LANGUAGES[language]


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SpokenError(otherwise)
