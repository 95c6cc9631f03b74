"""Explorers here find out once what those of the screens' tests do."""

from screens.conftest import found_once as found_once
