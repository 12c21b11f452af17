"""`python -m app.faces.cli`: how `sanshen serve` starts its children."""

from app.faces.cli.commands import main

if __name__ == "__main__":
    main(prog_name="sanshen")
