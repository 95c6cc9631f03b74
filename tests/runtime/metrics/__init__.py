"""Figures for monitoring."""
