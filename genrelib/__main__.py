"""Run the command line with ``python -m genrelib``."""

from genrelib.cli import main

if __name__ == "__main__":
    main()
