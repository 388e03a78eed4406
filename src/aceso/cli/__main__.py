"""`python -m aceso.cli` is the command `aceso`."""

from . import main

if __name__ == "__main__":
    raise SystemExit(main())
