"""How we talk to a model."""

from dermatrust.clients.client import Ask, AskFailed, Client, Image, Kind, Message, Reply, Request, Sampling

__all__ = ["Ask", "AskFailed", "Client", "Image", "Kind", "Message", "Reply", "Request", "Sampling"]
