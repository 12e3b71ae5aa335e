"""What must not be left to chance: a table of rules, found in text, judged by what the text says of them."""
