"""The ground floor: database, roles and fence check, embedded server, encryption, blobs, jobs, outbox, archives.

Must not know cases or duties, nor import any other floor. Only `migrate` commits here.
"""
