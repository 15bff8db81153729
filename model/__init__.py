"""The nouns of bantin. Imports nothing else of ours, and no heavy library but pydantic (in `model.source` only)."""
