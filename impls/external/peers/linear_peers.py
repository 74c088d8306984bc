#!/usr/bin/env python3
"""Times other people's linear layers with 4-bit weights. README.md beside this file describes what it prints."""

import argparse
import json
import os
import sys
import time

sys.dont_write_bytecode = True  # nothing is left beside the script

import ggml_peer
import onednn_peer
from peer import Peer

FEWEST_CALLS = 5


def torch_int4pack(case):
    """ATen's CPU kernel: unsigned codes in ATen's own layout, bf16 activations, scales and zero points."""
    import torch

    torch.set_num_threads(case.threads)
    generator = torch.Generator().manual_seed(0)
    codes = torch.randint(0, 16, (case.N, case.K), dtype=torch.int32, generator=generator)
    packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(codes, 2)
    scales_zeros = torch.rand((case.K // case.group, case.N, 2), generator=generator).to(torch.bfloat16)
    x = torch.rand((case.M, case.K), generator=generator).to(torch.bfloat16)
    what = "_weight_int4pack_mm_for_cpu, bf16"

    def call():
        torch.ops.aten._weight_int4pack_mm_for_cpu(x, packed, case.group, scales_zeros)

    differs = "rounds activations, scales and zero points to bf16"
    return Peer(f"torch {torch.__version__}", what, differs, packed.nbytes + scales_zeros.nbytes, call)


def openvino_compressed(case, precision, dynamic_group, differs):
    """OpenVINO's CPU plugin: u4 codes and zero points, f16 scales; the weight stays compressed."""
    import numpy
    import openvino
    from openvino import opset13 as ops

    random = numpy.random.default_rng(0)
    groups = case.K // case.group

    def codes_of(shape):
        bytes_ = random.integers(0, 256, (shape[0] * shape[1] * shape[2] + 1) // 2, dtype=numpy.uint8)
        return bytes_, ops.convert(openvino.op.Constant(openvino.Tensor(bytes_, shape, openvino.Type.u4)), "f16")

    code_bytes, codes = codes_of([case.N, groups, case.group])
    zero_bytes, zeros = codes_of([case.N, groups, 1])
    scales = random.random((case.N, groups, 1)).astype(numpy.float16) / 64
    grouped = ops.multiply(ops.subtract(codes, zeros), ops.constant(scales))
    weight = ops.reshape(grouped, ops.constant([case.N, case.K]), False)
    x = ops.parameter([case.M, case.K], numpy.float32)
    y = ops.matmul(x, ops.convert(weight, "f32"), False, True)
    config = {"INFERENCE_NUM_THREADS": case.threads, "PERFORMANCE_HINT": "LATENCY",
              "INFERENCE_PRECISION_HINT": precision, "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(dynamic_group)}
    request = openvino.Core().compile_model(openvino.Model([y], [x]), "CPU", config).create_infer_request()
    activation = random.random((case.M, case.K), dtype=numpy.float32)

    def call():
        request.infer([activation], share_inputs=True, share_outputs=True)

    version = openvino.__version__.split("-")[0]
    what = f"u4 MatMul, {precision}" + (f", int8 by {dynamic_group}" if dynamic_group else "")
    return Peer(f"openvino {version}", what, differs, code_bytes.nbytes + zero_bytes.nbytes + scales.nbytes, call)


def openvino_f32(case):
    return openvino_compressed(case, "f32", 0, "")


def openvino_int8(case):
    return openvino_compressed(case, "f32", 32, "quantises activations to int8, 32 to a scale: one integer product")


def openvino_bf16(case):
    return openvino_compressed(case, "bf16", 0, "rounds activations and weights to bf16: one product of 8-bit significands")


# The name under which one is absent, and what makes it.
PEERS = (
    ("torch", torch_int4pack),
    ("openvino", openvino_f32),
    ("openvino with int8", openvino_int8),
    ("openvino with bf16", openvino_bf16),
    ("ggml Q4_0", ggml_peer.q4_0),
    ("ggml Q4_1", ggml_peer.q4_1),
    ("oneDNN", onednn_peer.int8_matmul),
)


def sample(call, min_seconds):
    """Seconds of single calls."""
    call()
    call()
    seconds = []
    while len(seconds) < FEWEST_CALLS or sum(seconds) < min_seconds:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds


def reply_of(name, make, case):
    try:
        peer = make(case)
        return {"peer": peer.name, "what": peer.what, "differs": peer.differs, "weight_bytes": peer.weight_bytes,
                "seconds": sample(peer.call, case.min_time)}
    except Exception as trouble:  # whatever a peer does must not hide the others
        return {"peer": name, "absent": str(trouble) or type(trouble).__name__}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for size in ("M", "N", "K", "group", "threads"):
        parser.add_argument(f"--{size}", type=int, required=True)
    parser.add_argument("--min-time", type=float, required=True)
    case = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(case.threads)
    # What libraries print must not come between the lines.
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name, make in PEERS:
        print(json.dumps(reply_of(name, make, case)), file=lines, flush=True)


if __name__ == "__main__":
    sys.exit(main())
