"""What holds for every test: a law says nothing of time, and the first example may load compiled kernels."""

from hypothesis import settings

settings.register_profile("metier", deadline=None)
settings.load_profile("metier")
