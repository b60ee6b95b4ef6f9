"""Decides how many chats each contact-centre agent may hold at once, and makes it so."""

__version__ = "0.1.0"
