"""The only code that reads or writes our files."""
