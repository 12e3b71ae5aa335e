"""What the scripted teacher says besides the facts, read from ``assets/world/LANGUAGE/teacher.yaml``."""

import functools
from collections.abc import Mapping

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from metier.artefact import asset
from metier.records import MetierError
from metier.text.normalise import squeeze
from metier.text.patterns import compile_pattern


class TeacherWording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that the teacher says, by the part that it plays."""

    advice: str
    polish: tuple[str, ...]
    card: str
    known: str
    patient: tuple[str, ...]
    doctor: tuple[str, ...]
    localize: tuple[str, ...]


@functools.cache
def teacher_wording(language: str) -> TeacherWording:
    """The teacher's wording in one language of the world."""
    path = asset("asset:world") / language / "teacher.yaml"
    try:
        return msgspec.convert(YAML(typ="safe", pure=True).load(path.read_text("utf-8")), TeacherWording)
    except (OSError, UnicodeDecodeError, YAMLError, msgspec.ValidationError) as error:
        raise MetierError(f"{path}: {' '.join(str(error).split())}; mend the wording") from None


@functools.cache
def languages() -> tuple[str, ...]:
    """The languages that the teacher speaks."""
    return tuple(sorted(path.parent.name for path in asset("asset:world").glob("*/teacher.yaml")))


def read_back(template: str, text: str) -> Mapping[str, str] | None:
    """The slots of a text that was filled into a template, or None where it was not."""
    found = compile_pattern(template).regex.fullmatch(squeeze(text))
    return found.groupdict() if found else None
