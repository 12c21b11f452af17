"""The normal form: diagrams rewritten to what the library runs right, with the same meaning.

Every process passes `running_form` (links, event sub-processes) on its way to the library. Files made elsewhere
pass `foreign_form` before that, where the standard's implicit meanings are written out for a simulation.
"""
