"""Rules tuned by what came of them: whether hits were justified, and how often each version errs."""
