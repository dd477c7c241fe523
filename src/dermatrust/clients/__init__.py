"""How we talk to a model."""

from dermatrust.clients.client import Ask, AskFailed, Client, Image, Kind, Message, Reply, Request, Sampling
from dermatrust.clients.open import open_client

__all__ = ["Ask", "AskFailed", "Client", "Image", "Kind", "Message", "Reply", "Request", "Sampling", "open_client"]
