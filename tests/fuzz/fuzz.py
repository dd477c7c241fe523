"""Fuzzes a target, guided by which lines of ours and of Pillow's Python each input reaches (pip install atheris).

python tests/fuzz/fuzz.py TARGET FOLDER -max_total_time=600      FOLDER holds the seeds, and keeps what is found
"""

import sys

if __name__ == "__main__":
    import atheris

    with atheris.instrument_imports(include=["dermatrust", "PIL"]):  # what is imported here is watched
        from targets import TARGETS

    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
