"""dermatrust: can a multimodal language model be trusted with dermatology, and can its judge?"""

__version__ = "0.1.0"
