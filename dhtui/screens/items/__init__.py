"""Items (BEP 44): stored, put, got, kept alive."""
