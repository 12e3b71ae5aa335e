"""What one look over a text can tell: what begins at a place, what the text holds somewhere, what a word is."""

CHART = 1 << 0
HOUSE = 1 << 1
STATE = 1 << 2
DAY = 1 << 3
EIGHT = 1 << 4
MONTH = 1 << 5
ARABIC_DAY = 1 << 6
ARABIC_YEAR = 1 << 7
NAME = 1 << 8
NAME_IS = 1 << 9
DEGREE = 1 << 10
COLON = 1 << 11
TITLE_AR = 1 << 12
HEAD_AR = 1 << 13
BESIDE = 1 << 14
TITLE_ZH = 1 << 15
COLON_ZH = 1 << 16
LABEL_ZH = 1 << 17
"""Each of these can begin at a place."""

EMAIL = 1 << 0
LONG = 1 << 1
NINE = 1 << 2
CARD = 1 << 3
CHART_ZH = 1 << 4
CHART_AR = 1 << 5
BED = 1 << 6
BED_ZH = 1 << 7
ANSWER = 1 << 8
DIGIT = 1 << 9
HINT_ZH = 1 << 10
DATE_ZH = 1 << 11
LABEL_AR = 1 << 12
BOX_AR = 1 << 13
"""Each of these a text can hold somewhere: LONG are five digits with little between them, NINE and CARD (13) in a row."""

FOR = 1 << 0
RELATION = 1 << 1
WRITTEN = 1 << 2
LABEL = 1 << 3
GIVEN = 1 << 4
NAMED = 1 << 5
IS = 1 << 6
"""What a Latin word is to the names beside it."""

REGION = 1 << 0
VILLAGE = 1 << 1
UNIT = 1 << 2
CALLED = 1 << 3
AFTER = 1 << 4
PAIRED = 1 << 5
NUMERAL = 1 << 6
"""What a Chinese character is to addresses and names."""
