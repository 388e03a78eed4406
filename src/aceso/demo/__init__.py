"""The main job, shown from end to end on this machine: `aceso demo`, or `make demo`.

    cast     who takes part, with real keys, and how they come to be accredited
    stage    how a step is shown and what is expected of it
    story    the acts in their order: records come in, people are let in or not
             bringing, emergency, lying, selling, studying, recovering: an act each

Everything is real: a chain, two IPFS nodes, three custodian processes over HTTP. Nobody in it is.
"""

from .story import main

__all__ = ["main"]
