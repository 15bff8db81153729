"""The verbs of bantin as plain functions, and its command line."""
