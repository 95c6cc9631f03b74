"""The screens: a folder for each, with its class in `screen.py` and its stylesheet beside it."""
