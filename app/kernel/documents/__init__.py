"""Documents (文书): DOCX and print page of one set of data, gapless numbers, issue and service.

Must not choose the data: the engine gathers it. A document that tells a decision refers to it (fence SD011).
"""
