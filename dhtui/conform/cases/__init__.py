"""The cases, a module for each BEP or part of one. `catalogue.CASES` has all of them."""
