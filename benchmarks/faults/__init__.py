"""Kills of running commands: nothing is damaged, and nothing is left behind."""
