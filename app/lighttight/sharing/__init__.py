"""Every outward byte: the one exit, and later shares and their deliveries."""
