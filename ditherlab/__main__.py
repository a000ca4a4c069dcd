"""`python -m ditherlab` is the program, too."""

from ditherlab.cli import main

main()
