"""Persons, accounts, regions, log-in, sessions, passwords, identifiers, uploads.

A person is a natural person, found by the blind index of the ID number; duties bind to persons, never to accounts.
Must not show or log an ID number in clear.
"""
