"""Widgets are painted as the screens are."""

from screens.conftest import found_once as found_once
from screens.conftest import same_everywhere as same_everywhere
