"""Networks as essays: a config, the parts, forward."""
