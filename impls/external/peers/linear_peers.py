#!/usr/bin/env python3
"""Times other people's linear layers with 4-bit weights. README.md beside this file describes what it prints."""

import argparse
import json
import os
import sys
import time

FEWEST_CALLS = 5


class Absent(Exception):
    """This peer cannot be timed here; says why."""


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

    return f"torch {torch.__version__}", what, packed.nbytes + scales_zeros.nbytes, call


def openvino_compressed(case):
    """OpenVINO's CPU plugin: u4 codes, f16 scales, f32 activations; the weight stays compressed."""
    import numpy
    import openvino
    from openvino import opset13 as ops

    random = numpy.random.default_rng(0)
    groups = case.K // case.group
    shape = [case.N, groups, case.group]
    bytes_ = random.integers(0, 256, case.N * case.K // 2, dtype=numpy.uint8)
    codes = openvino.op.Constant(openvino.Tensor(bytes_, shape, openvino.Type.u4))
    scales = random.random((case.N, groups, 1)).astype(numpy.float16) / 64
    middle = ops.constant(numpy.full((case.N, groups, 1), 8, numpy.float16))
    centred = ops.subtract(ops.convert(codes, "f16"), middle)
    weight = ops.reshape(ops.multiply(centred, ops.constant(scales)), ops.constant([case.N, case.K]), False)
    x = ops.parameter([case.M, case.K], numpy.float32)
    y = ops.matmul(x, ops.convert(weight, "f32"), False, True)
    config = {"INFERENCE_NUM_THREADS": case.threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32",
              "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    request = openvino.Core().compile_model(openvino.Model([y], [x]), "CPU", config).create_infer_request()
    activation = random.random((case.M, case.K), dtype=numpy.float32)

    def call():
        request.infer([activation], share_inputs=True, share_outputs=True)

    version = openvino.__version__.split("-")[0]
    return f"openvino {version}", "u4 MatMul, f32", bytes_.nbytes + scales.nbytes, call


def ggml_q4(case):
    raise Absent("there is no runner for it yet")


def onednn_matmul(case):
    raise Absent("there is no runner for it yet")


PEERS = {"torch": torch_int4pack, "openvino": openvino_compressed, "ggml": ggml_q4, "oneDNN": onednn_matmul}


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
        peer, what, weight_bytes, call = make(case)
        return {"peer": peer, "what": what, "weight_bytes": weight_bytes, "seconds": sample(call, case.min_time)}
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
    for name, make in PEERS.items():
        print(json.dumps(reply_of(name, make, case)), file=lines, flush=True)


if __name__ == "__main__":
    sys.exit(main())
