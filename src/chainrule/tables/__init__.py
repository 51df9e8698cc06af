"""From a table to a trained, tested, usable model, without a word more than the target's name."""
