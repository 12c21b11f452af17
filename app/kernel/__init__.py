"""Runs cases on BPMN and refuses to let one person hold conflicting duties, whatever the business.

`engine` stands on top and may import its siblings; none imports it. The kernel must not import the domain: what
it needs from there it asks through `ports`. It exports nothing here: import from the package that owns a name.
"""
