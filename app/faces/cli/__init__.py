"""The console command `sanshen`. Each command is imported only when it is called."""

from app.faces.cli.commands import main

__all__ = ["main"]
