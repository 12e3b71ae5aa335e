"""Where a text tells who someone is: one finder a file, each a pure function from text to places."""
