from metier.instruct.extractive import pairs_of, write
from metier.llm.request import Request
from metier.records import Message

SHINGLES = """# Shingles

Shingles is a painful rash that is caused by the varicella virus. It comes on one side of the body.
The symptoms of shingles include burning, itching and a rash. Adults may have a fever too.
This fact sheet was printed last year.
Shingles is usually treated with drugs against viruses, taken within three days."""


def ask(**slots: str) -> str:
    text = "\n".join(f"<{name}>\n{value}\n</{name}>" for name, value in slots.items())
    return write(Request("m", (Message("user", text),)))


def test_questions_by_the_form_of_sentences() -> None:
    assert [pair.question for pair in pairs_of(SHINGLES)] == [
        "What is Shingles?",
        "What are the symptoms of shingles?",
        "How is Shingles treated?",
    ]
    told = " ".join(sentence for pair in pairs_of(SHINGLES) for sentence in pair.sentences)
    assert "one side of the body" in told and "three days" in told and "fact sheet" not in told


def test_headings_and_questions_in_the_text() -> None:
    text = (
        "What is a stent?\nIt is a small tube that keeps an artery open for good.\n\n"
        "After the operation:\nRest for two days and do not lift anything heavy."
    )
    assert [pair.question for pair in pairs_of(text)] == [
        "What is a stent?",
        "What should I know about After the operation?",
    ]


def test_chinese_and_arabic() -> None:
    [one, two] = pairs_of("哮喘是一种慢性气道疾病，夜间容易发作。预防哮喘应当远离烟雾和花粉，定期复查。")
    assert (one.question, two.question) == ("什么是哮喘？", "怎样预防哮喘？")
    [only] = pairs_of("أعراض الربو تشمل السعال وضيق التنفس في الليل.")
    assert only.question == "ما أعراض الربو؟"


def test_the_prompts_of_unify_are_answered() -> None:
    first = ask(passage=SHINGLES)
    assert first == "What is Shingles?"
    assert ask(passage=SHINGLES, question=first).startswith("Shingles is a painful rash")
    focus = "Shingles is usually treated with drugs against viruses, taken within three days."
    assert ask(passage=SHINGLES, asked=first, focus=focus) == "How is Shingles treated?"
    assert ask(passage=SHINGLES, asked="How is Shingles treated?", focus=focus) == "NONE"
    assert ask(passage=SHINGLES, question="Who invented it?") == "NONE"
    assert ask(passage="Nothing that has a form.") == "NONE"
    assert ask(passage=SHINGLES, question=first, answer="It is a rash.") == "SUPPORTED"
