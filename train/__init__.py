"""Training, on Keras; nothing in `bcweb` imports it.

What Keras and TensorFlow are to know from the environment is said here, before any module of ours imports them.
"""

import os

import bcweb  # noqa: F401 - for Ctrl-C while a command of ours imports: see there

BACKENDS = ("tensorflow", "jax")

os.environ.setdefault("KERAS_BACKEND", BACKENDS[0])
# TensorFlow calls it an error that there is no GPU; where there is one, an error says why it is not used. What goes
# wrong in a training is raised, whatever the level.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if os.path.exists("/dev/nvidiactl") else "3")
