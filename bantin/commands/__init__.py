"""The command line's commands, a module for each group of them; bantin/cli.py puts them together."""
