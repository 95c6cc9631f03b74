"""The packet inspector without its screen: packets are recorded, filtered, dissected and checked."""
