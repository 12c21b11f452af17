"""The rule workbench: drafts of rules, tried on past cases, proposed as controlled changes."""
