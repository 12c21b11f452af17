"""Statutory clocks: reckoning (`rules`), transitions, China's working days (`calendar`), warnings (`jobs`).

`rules`, `transitions` and `calendar` are pure. Must not decide a case: a breach escalates and nothing more.
"""
