"""Texts and labelled series to classes."""
