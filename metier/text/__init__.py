"""Pure text: bytes to characters, normal forms, sentences, n-grams, held-out draws."""
