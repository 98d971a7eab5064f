"""Names of the networks, readable without the seconds that importing torch takes."""

NETWORK_NAMES = ("rnn", "lstm", "gru", "hybrid")
