"""The census in the explorer: it runs on while its window is closed."""
