"""Controlled changes (受控变更): the generic process for rules, sets, parameters, people, chains."""
