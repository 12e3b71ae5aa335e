"""What one look over a text can tell: what begins at a place, what the text holds somewhere, what a word is."""

CHART = 1 << 0
HOUSE = 1 << 1
STATE = 1 << 2
DAY = 1 << 3
EIGHT = 1 << 4
MONTH = 1 << 5
MONTH_AR = 1 << 6
NAME = 1 << 7
NAME_IS = 1 << 8
DEGREE = 1 << 9
COLON = 1 << 10
TITLE_AR = 1 << 11
HEAD_AR = 1 << 12
BESIDE = 1 << 13
TITLE_ZH = 1 << 14
COLON_ZH = 1 << 15
LABEL_ZH = 1 << 16
SIZE = 1 << 17
"""Each of these can begin at a place; SIZE and the bits above it tell how long a Chinese word before names is."""

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
POST = 1 << 14
"""Each of these a text can hold somewhere: LONG are five digits with little between them, NINE CARD in a row."""

FOR = 1 << 0
RELATION = 1 << 1
WRITTEN = 1 << 2
LABEL = 1 << 3
GIVEN = 1 << 4
"""What a Latin word is to the names beside it."""

REGION = 1 << 0
VILLAGE = 1 << 1
UNIT = 1 << 2
CALLED = 1 << 3
AFTER = 1 << 4
PAIRED = 1 << 5
NUMERAL = 1 << 6
SURNAME = 1 << 7
"""What a Chinese character is to addresses and names."""
