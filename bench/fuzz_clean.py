"""Fuzzing the cleaner, guided by coverage: markup grown from fragments that reach deep into it.

    uv run --group fuzz python bench/fuzz_clean.py                 # half a minute
    uv run --group fuzz python bench/fuzz_clean.py --seconds 7200  # long
    uv run --group fuzz python bench/fuzz_clean.py --input FILE    # one input again

What must hold is `tests.cleaning.fragments.check`, the same as in tests/cleaning/test_fuzz.py. Where it does not, the
input is written to the folder named by --found (default: the present one) and the exit code is not 0. Inputs that
reached something new are kept in --corpus, if given, and the next run begins with them. Wants atheris, which has wheels
for CPython on Linux; elsewhere it says so.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> int:
    """Runs the fuzzer for a while."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--found", type=Path, default=Path())
    args = parser.parse_args()
    try:
        import atheris
    except ImportError:
        print("skipped: atheris is not installed: it has no wheel for this Python")
        return 0
    with atheris.instrument_imports(include=["cleaning"], enable_loader_override=False):
        from tests.cleaning.fragments import check, grow

    def one(data: bytes) -> None:
        check(grow(data))

    if args.input:
        one(args.input.read_bytes())
        return 0
    for seed in range(64):  # so that lazy tables are there before time counts
        one(bytes((seed * step) % 256 for step in range(seed * 4)))
    options = [f"-max_total_time={args.seconds}", "-max_len=600", "-timeout=25", "-rss_limit_mb=2000", "-verbosity=0"]
    options += ["-print_final_stats=1", f"-artifact_prefix={args.found}/"]
    if args.corpus:
        args.corpus.mkdir(parents=True, exist_ok=True)
    atheris.Setup([sys.argv[0], *options, *([str(args.corpus)] if args.corpus else [])], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
