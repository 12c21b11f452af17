"""Injury recognition (工伤认定): what the process computes that data alone cannot say."""
