"""All text for the user: safe text, numbers, clients, and the sentences about decisions and outcomes."""
