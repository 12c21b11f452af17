"""What a rule's editor works with: its manifest and cases as forms, findings by cell, versions compared. Pure."""
