"""What a peer is."""

import dataclasses
import typing


class Absent(Exception):
    """This peer cannot be timed here; says why."""


@dataclasses.dataclass
class Peer:
    name: str  # "torch 2.9.1"
    what: str  # "_weight_int4pack_mm_for_cpu, bf16"
    differs: str  # what it computes instead of a layer with f32 activations: "rounds activations to bf16"; "" = nothing
    weight_bytes: int  # of the packed weight, scales and zero points
    call: typing.Callable[[], None]
