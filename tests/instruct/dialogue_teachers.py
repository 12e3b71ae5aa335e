"""Programs in the place of models that write dialogues: good ones, and ones with a fault each."""

import re
from random import Random

from metier.llm.backend import ReplyError
from metier.llm.request import Reply, Request

AGAIN = {
    "zh": "这些毛病",
    "en": "as it stands",
    "ar": "بعد إصلاح ذلك",
}


def told(request: Request) -> str:
    """What was wrong with the last reply, or nothing where nothing was asked again."""
    last = request.messages[-1].content
    return last if any(words in last for words in AGAIN.values()) else ""


def marked(request: Request, mark: str) -> str:
    """What stands between marks in the prompt."""
    whole = "\n".join(message.content for message in request.messages)
    found = re.search(rf"<{mark}>\n(.*?)\n</{mark}>", whole, re.S)
    return found[1] if found else ""


def language(request: Request) -> str:
    text = request.messages[0].content
    if re.search("[\u4e00-\u9fff]", text):
        return "zh"
    return "ar" if re.search("[\u0621-\u064a]", text) else "en"


# polish ---------------------------------------------------------------------------------------------------------------
_HELLO = {
    "zh": "您好，看得出您有些担心，我来跟您说一说。\n",
    "en": "Hello, I can see that this worries you.\n",
    "ar": "أهلا بك، أفهم ما يقلقك.\n",
}


def polisher(request: Request) -> str:
    return _HELLO[language(request)] + marked(request, "reply")


def drops_dose(request: Request) -> str:
    return re.sub(r"20", "", polisher(request))


def changes_dose(request: Request) -> str:
    return polisher(request).replace("20", "200")


def adds_drug(request: Request) -> str:
    return (
        polisher(request)
        + {"zh": "也可以加用泽洛平。", "en": " Zeloprin helps too.", "ar": " ويفيد زيلوبرين أيضا."}[language(request)]
    )


def flips(request: Request) -> str:
    return polisher(request).replace("不能", "能").replace("do not", "do").replace("لا تتناول", "تناول")


def mends(request: Request) -> str:
    """Wrong at first, right when told what was wrong."""
    return polisher(request) if told(request) else changes_dose(request)


def listens(request: Request) -> str:
    """Leaves the dose out until it is told that the dose is missing."""
    return polisher(request) if re.search("漏掉了“20.*mg”", told(request)) else drops_dose(request)


def strange(request: Request) -> str:
    """In another language."""
    if language(request) == "en":
        return "您好，请按时服药，注意休息，如果不舒服就及时来医院看看。"
    return "Hello, please take your medicine as you were told and rest at home for a while."


def refuser(request: Request) -> str:
    return {
        "zh": "抱歉，我无法提供帮助。",
        "en": "I'm sorry, but I can't help with that.",
        "ar": "عذرا، لا أستطيع المساعدة.",
    }[language(request)]


def empty(request: Request) -> str:
    return "  \n"


def cut(request: Request) -> Reply:
    return Reply(polisher(request)[:-5], "", finish="length")


def chatty(request: Request) -> str:
    said = {"zh": "以下是润色后的回复：\n", "en": "Here is the polished reply:\n", "ar": "إليك الرد المنقح:\n"}
    return said[language(request)] + polisher(request)


def curt(request: Request) -> str:
    return marked(request, "reply")[:6]


def dressed(request: Request) -> str:
    """Right, with the label and the marks that models like to put round it."""
    return f"<reply>\n医生：{polisher(request)}\n</reply>"


def speechless(request: Request) -> str:
    """Has nothing to say of a reply with a dose."""
    if "20" in marked(request, "reply"):
        raise ReplyError("empty reply", "stop")
    return polisher(request)


def whispering(request: Request) -> str:
    """With a stage direction, which is kept where there was one before, and a label for the patient."""
    return f"{polisher(request)}\n患者：谢谢。"


# role play ------------------------------------------------------------------------------------------------------------
PATIENT = {
    "zh": ("医生您好，我头晕。", "有三天了。", "晚上更厉害一些。", "好的，谢谢医生，我知道了。"),
    "en": ("Hello, I feel dizzy.", "For 3 days now.", "It is worse at night.", "I see. Thank you, doctor."),
    "ar": ("مرحبا، أشعر بدوار.", "منذ 3 أيام.", "يشتد في الليل.", "حسنا، شكرا لك."),
}
DOCTOR = {
    "zh": ("多久了？", "什么时候更厉害？", "这很可能是缺水引起的贫血。多喝水，多休息。", "祝您早日康复！[END]"),
    "en": (
        "How long has it lasted?", "When is it worse?", "This is probably an ear infection. Rest and drink water.",
        "Take care! [END]",
    ),
    "ar": ("منذ متى؟", "متى يشتد؟", "الأرجح أنه التهاب بسيط. استرح واشرب الماء.", "مع السلامة! [END]"),
}  # fmt: skip


def turn(request: Request) -> int:
    """How often the one who is asked has spoken; a reply that was asked for again is the same turn."""
    spoken = sum(message.role == "assistant" for message in request.messages)
    return spoken - 1 if told(request) else spoken


def patient(request: Request) -> str:
    lines = PATIENT[language(request)]
    return lines[min(turn(request), len(lines) - 1)]


def doctor(request: Request) -> str:
    lines = DOCTOR[language(request)]
    return lines[min(turn(request), len(lines) - 1)]


def hasty_doctor(request: Request) -> str:
    """Concludes in the first reply, and asks once it is told to."""
    if turn(request) == 0 and not told(request):
        return "This is probably a mild infection."
    return doctor(request)


def stubborn_doctor(request: Request) -> str:
    return DOCTOR[language(request)][2]


def endless_doctor(request: Request) -> str:
    number = turn(request)
    return {
        "zh": f"第{number}次问您：还有哪里不舒服？",
        "en": f"Question {number}: what else do you feel?",
        "ar": f"سؤال {number}: بماذا تشعر أيضا؟",
    }[language(request)]


def patient_like_doctor(request: Request) -> str:
    return {
        "zh": "我觉得谢谢医生，我头痛三天了，我该吃什么药？",
        "en": "Thank you, doctor. What should I take?",
        "ar": "شكرا يا دكتور، أشعر بألم.",
    }[language(request)]


def farewell_doctor(request: Request) -> str:
    """Never writes the mark, but takes leave."""
    return doctor(request).replace("[END]", "")


def doctor_like_patient(request: Request) -> str:
    return {"zh": "建议您多喝水，按时服药。", "en": "I recommend that you rest.", "ar": "أنصحك بالراحة."}[
        language(request)
    ]


def acting_patient(request: Request) -> str:
    return {"zh": "（叹气）我头晕。", "en": "(sighs) I feel dizzy.", "ar": "(يتنهد) أشعر بدوار."}[language(request)]


def telling_patient(request: Request) -> str:
    return {"zh": "卡片上写的是头晕。", "en": "My card says that I feel dizzy.", "ar": "في البطاقة أني أشعر بدوار."}[
        language(request)
    ]


def reciting_patient(request: Request) -> str:
    return marked(request, "card")


def inventing_patient(request: Request) -> str:
    return {
        "zh": "我头晕，体温39.5度。",
        "en": "I feel dizzy and have 39.5 degrees.",
        "ar": "أشعر بدوار وحرارتي 39.5 درجة.",
    }[language(request)]


def program_patient(request: Request) -> str:
    return {
        "zh": "作为一个人工智能，我没有症状。",
        "en": "As an AI, I have no symptoms.",
        "ar": "أنا مجرد نموذج لغوي.",
    }[language(request)]


def both_speakers(request: Request) -> str:
    return {
        "zh": "患者：我头晕。\n医生：多久了？",
        "en": "Patient: I feel dizzy.\nDoctor: Since when?",
        "ar": "المريض: أشعر بدوار.\nالطبيب: منذ متى؟",
    }[language(request)]


# distil ---------------------------------------------------------------------------------------------------------------
_WORDS = re.findall(
    r"\w+",
    "explain compare advise check plan fever cough sleep burns vaccines diet stress posture allergy thirst child "
    "teacher farmer pilot nurse morning evening winter summer home school work journey kitchen garden water salt bread "
    "why when how long often much before after without during together slowly quickly safely",
)


def answerer(request: Request) -> str:
    if instruction := marked(request, "instruction"):
        return f"Answer number {request.sample} to what was asked: {instruction[:60]}"
    return grower(request)


def grower(request: Request) -> str:
    """Five instructions that are new, a copy of an example, one on a picture, and one in Chinese."""
    examples = [line.partition(". ")[2] for line in marked(request, "examples").splitlines()]
    random = Random("".join(examples) + str(request.sample))
    new = [" ".join(random.choices(_WORDS, k=8)) for _ in range(5)]
    lines = [*new, examples[0], "Describe the attached picture of a rash", "请解释一下什么是高血压以及怎么预防"]
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def parrot(request: Request) -> str:
    """Answers, but has no ideas of its own."""
    return (
        answerer(request)
        if marked(request, "instruction")
        else "1. " + marked(request, "examples").splitlines()[0].partition(". ")[2]
    )


def chinese(request: Request) -> str:
    return "发烧是身体在抵抗感染，多数时候几天就会好转，注意休息就可以了。"


def monotonous(request: Request) -> str:
    return "The same answer to everything, whatever was asked."


def lecturer(request: Request) -> str:
    return (
        "Let me tell you something.\nThere is much to say.\nI could go on."
        if not marked(request, "instruction")
        else "Yes, it is so."
    )


# localize -------------------------------------------------------------------------------------------------------------
def local(request: Request) -> str:
    """Asks and answers in Arabic from inside; in Swahili where that is the language."""
    last = request.messages[-1].content
    swahili = "Swahili" in "\n".join(message.content for message in request.messages)
    topic = marked(request, "topic")
    if "<topic>" in last and ("قائمة" in last or "numbered" in last):
        if swahili:
            return (
                "1. Je, ninawezaje kupika wali wa nazi nyumbani?\n2. Ni wakati gani mzuri wa kulima mahindi shambani?"
            )
        first = f"كيف نستقبل الضيوف في {topic}؟"
        return f"1. {first}\n2. ما الذي يقدمه الناس مع القهوة صباح يوم الجمعة؟\n3. {first}"
    if "<topic>" in "\n".join(message.content for message in request.messages[-1:]):
        return f"ما الذي يقال للضيف عند الباب؟ ({topic})"
    if request.messages[-1].role == "user" and any("<topic>" in message.content for message in request.messages):
        return ("وماذا لو جاء الضيف وحده؟", "شكرا لك")[min(turn(request) - 1, 1)]
    if swahili:
        return "Pika wali kwa tui la nazi na chumvi kidogo, kisha funika sufuria hadi maji yakauke vizuri."
    return f"يرحب أهل البيت بالضيف ثم تقدم له القهوة والتمر، ولا يسأل عن حاجته قبل أن يستريح. {len(request.messages)}"


def translated(request: Request) -> str:
    if "<topic>" in request.messages[-1].content:
        return local(request)
    return "تم تقديم القهوة من قبل المضيف وقام بالترحيب بالضيف ويتم تنظيف البيت الخاص بك بشكل جيد في نهاية اليوم."


def foreign(request: Request) -> str:
    if "<topic>" in request.messages[-1].content:
        return local(request)
    return "يحتفل الناس بالزيارة كما يفعلون في نيويورك مع أصدقائهم وجيرانهم."


# any of them ----------------------------------------------------------------------------------------------------------
POOL = (
    *DOCTOR["en"], *PATIENT["en"], "As an AI, I cannot say.", "", "(nods) Go on.", "Patient: no.", "您好，请按时吃药。",
    "Does it hurt? Do you sleep well?", "[END]", "I recommend that you rest.", "It has been 7 weeks.", "Goodbye!",
)  # fmt: skip


def anything(request: Request) -> str:
    """A line of the pool, the same for the same request."""
    return POOL[int(request.key, 16) % len(POOL)]


# more of the role play ------------------------------------------------------------------------------------------------
def endless_patient(request: Request) -> str:
    more = {"zh": ("我头晕", "，真的"), "en": ("I feel dizzy", ", really"), "ar": ("أشعر بدوار", " حقا")}
    first, again = more[language(request)]
    return first + again * turn(request)


def leaving_doctor(request: Request) -> str:
    return DOCTOR[language(request)][3]


def never(request: Request) -> str:
    raise AssertionError("asked although the settings cannot work")


def sighing_doctor(request: Request) -> str:
    """Ends with a mark of stars."""
    return doctor(request).replace("[END]", "***")


def marking_doctor(request: Request) -> str:
    return f"[END] {DOCTOR[language(request)][0]}"


def knowing_doctor(request: Request) -> str:
    return f"This is {marked(request, 'known')}. Rest." if turn(request) == 2 else doctor(request)


def reading_patient(request: Request) -> str:
    age = re.search(r"age: age (\d+)", request.messages[0].content)
    return f"I am dizzy. ({age[1] if age else ''})" if turn(request) == 0 else patient(request)


# more of the localisation ---------------------------------------------------------------------------------------------
def knows_place(request: Request) -> str:
    """Answers with what it was told of the place."""
    asked = local(request)
    return asked if "<topic>" in request.messages[-1].content else f"{marked(request, 'culture')} {asked}"


def echoing(request: Request) -> str:
    """One question for each topic, in the language that was asked for."""
    swahili = "Swahili" in "\n".join(message.content for message in request.messages)
    topic = marked(request, "topic")
    if not topic:
        return local(request)
    if swahili:
        return f"1. Je, {topic.split()[-1] * 4} ni nini hasa na watu wa kijiji hiki wanakitumiaje nyumbani kila siku?"
    return f"1. ما معنى {topic} {topic} {topic} عند أهل القرية وكيف يستعملونه في بيوتهم كل يوم؟"


def answers_in_english(request: Request) -> str:
    asks = "<topic>" in request.messages[-1].content
    return local(request) if asks else "People there are very welcoming and offer coffee to every guest at the door."


def shy(request: Request) -> str:
    """Does not open the second conversation."""
    if request.sample == 1 and "<topic>" in request.messages[-1].content:
        raise ReplyError("empty reply", "stop")
    return f"{local(request)} {'أ' * request.sample}"


def lists_nothing(request: Request) -> str:
    return "هذا موضوع واسع جدا.\nوفيه كلام كثير.\nولا أعرف من أين أبدأ."
