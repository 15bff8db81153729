"""Exports: articles as files that other programs take."""
