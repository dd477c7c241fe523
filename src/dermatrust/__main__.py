"""`python -m dermatrust` is the command `dermatrust`."""

from dermatrust.cli import main

if __name__ == "__main__":
    main()
