"""The place that makes text: safe text, numbers, clients, and the sentences about decisions and outcomes."""
