"""Take-over (接续办理): cases begun on paper or in another system, gone on with here (docs/take-over.md)."""
