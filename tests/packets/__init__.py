"""The packet inspector, part by part."""
