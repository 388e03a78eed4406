"""A person's health data: sealed by them, shared by their consent, provable, and paid for.

The parts, from the ground up (each imports only from those above it):

    codes, typed_data, errors              what contracts and package have in common
    formats, vault, storage, chain         read a file; seal it; keep it; say so on Ethereum
    index, custody, research               look it up; hold shares of its key; make extracts of it
    devnet, flows                          all of it on one machine; what people do with it
    cli                                    the command `aceso`
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
