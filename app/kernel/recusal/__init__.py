"""Recusal (回避): who may not touch a case, by declaration, by data, on request."""
