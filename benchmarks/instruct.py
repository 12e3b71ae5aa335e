"""Every bar of the instruct room: facts that reach a conversation, the guard of polish, doubt on planted errors.

Run ``python -m benchmarks.instruct``; each part also runs by itself: ``instruct_unify``, ``instruct_polish`` (needs the
Toyhom sample beside the checkout), ``instruct_doubt``. No large model wrote these numbers: the writers are programs.
"""

import argparse
import sys

from benchmarks import instruct_doubt, instruct_polish, instruct_unify
from benchmarks.bars import conclude


def main() -> int:
    """Print what each part has to say, and all bars together."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    if instruct_unify.DATA.is_file():
        instruct_unify.real_pages(instruct_unify.DATA)
    return conclude("instruct", [*instruct_unify.bars(), *instruct_polish.bars(), *instruct_doubt.bars()])


if __name__ == "__main__":
    sys.exit(main())
