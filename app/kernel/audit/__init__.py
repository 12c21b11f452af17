"""The append-only log: canonical form, hash chain, MAC (`chain`), and its proof (`verify`).

Everybody records through `Unit.record`; only the transaction appends. Nothing here may change or delete an event,
and no event may carry a secret or an ID number in clear.
"""
