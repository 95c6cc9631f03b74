"""Tests of the command bar."""
