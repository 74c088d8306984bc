"""ggml's matrix multiplication with 4-bit blocks, through the C interface of a wheel that brings the shared libraries."""

import ctypes
import importlib.util
import pathlib
import random

from peer import Absent, Peer

F32, Q4_0, Q4_1 = 0, 2, 3  # enum ggml_type
BLOCK = 32  # columns
PACKAGES = ("libggml", "llama_cpp", "ggml")  # Python packages that have them
TENSORS_BYTES = 1 << 20  # of descriptions, and a graph


class InitParams(ctypes.Structure):
    _fields_ = [("mem_size", ctypes.c_size_t), ("mem_buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


def library_folder():
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for place in spec.submodule_search_locations if spec else []:
            for file in pathlib.Path(place).rglob("libggml-cpu.so"):
                return package, file.parent
    raise Absent(f"no module with libggml-cpu.so; looked for {', '.join(PACKAGES)}")


class Ggml:
    """The functions, with the types of what they return; pointers otherwise."""

    def __init__(self, folder):
        self.base = ctypes.CDLL(str(folder / "libggml-base.so"), mode=ctypes.RTLD_GLOBAL)
        self.cpu = ctypes.CDLL(str(folder / "libggml-cpu.so"), mode=ctypes.RTLD_GLOBAL)

    def __call__(self, name, *arguments, returns=ctypes.c_void_p):
        function = getattr(self.cpu if "_cpu_" in name else self.base, name)
        function.restype = returns
        return function(*arguments)

    def context(self):
        return ctypes.c_void_p(self("ggml_init", InitParams(TENSORS_BYTES, None, True)))

    def tensor(self, context, kind, columns, rows):
        return ctypes.c_void_p(
            self("ggml_new_tensor_2d", context, ctypes.c_int(kind), ctypes.c_int64(columns), ctypes.c_int64(rows)))

    def allocate(self, context, buffer_type):
        if not self("ggml_backend_alloc_ctx_tensors_from_buft", context, ctypes.c_void_p(buffer_type)):
            raise Absent("it has no memory for such tensors")

    def fill(self, tensor, data):
        self("ggml_backend_tensor_set", tensor, data, ctypes.c_size_t(0), ctypes.c_size_t(len(data)), returns=None)

    def extra_buffer_types(self, device, registry):
        """Where weights are repacked for the CPU that they are multiplied on."""
        address = self("ggml_backend_reg_get_proc_address", registry, b"ggml_backend_dev_get_extra_bufts")
        if not address:
            return []
        listed = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)(address)(device)
        types = []
        while listed and listed[len(types)]:
            types.append(listed[len(types)])
        return types


def blocks(kind, count):
    """Random codes; scales, and minima, of 2^-6 as f16."""
    source = random.Random(0)
    head = b"\x00\x24" * (1 if kind == Q4_0 else 2)
    size = len(head) + BLOCK // 2
    some = b"".join(head + source.randbytes(BLOCK // 2) for _ in range(4096))
    return (some * (count // 4096 + 1))[: count * size]


def product(ggml, case, kind, buffer_type):
    """The weight, the activation, and the operation that multiplies them; the weight has memory."""
    weights, others = ggml.context(), ggml.context()
    weight = ggml.tensor(weights, kind, case.K, case.N)
    ggml.allocate(weights, buffer_type)
    x = ggml.tensor(others, F32, case.K, case.M)
    return others, weight, x, ctypes.c_void_p(ggml("ggml_mul_mat", others, weight, x))


def q4(case, kind, name):
    if case.K % BLOCK:
        raise Absent(f"K is no multiple of {BLOCK}")
    package, folder = library_folder()
    ggml = Ggml(folder)
    registry = ctypes.c_void_p(ggml("ggml_backend_cpu_reg"))
    device = ctypes.c_void_p(ggml("ggml_backend_reg_dev_get", registry, ctypes.c_size_t(0)))
    backend = ctypes.c_void_p(ggml("ggml_backend_cpu_init"))
    ggml("ggml_backend_cpu_set_n_threads", backend, ctypes.c_int(case.threads), returns=None)
    plain = ggml("ggml_backend_cpu_buffer_type")
    for buffer_type in [*ggml.extra_buffer_types(device, registry), plain]:
        others, weight, x, y = product(ggml, case, kind, buffer_type)
        if ggml("ggml_backend_dev_supports_op", device, y, returns=ctypes.c_bool):
            break
    ggml.allocate(others, plain)
    data = blocks(kind, case.N * case.K // BLOCK)
    ggml.fill(weight, data)
    ggml.fill(x, b"\x00\x00\x80\x3e" * (case.M * case.K))
    graph = ctypes.c_void_p(ggml("ggml_new_graph", others))
    ggml("ggml_build_forward_expand", graph, y, returns=None)

    def call():
        if ggml("ggml_backend_graph_compute", backend, graph, returns=ctypes.c_int) != 0:
            raise Absent("it could not multiply")

    repacked = "" if buffer_type == plain else ", repacked"
    return Peer(f"ggml of {package}", f"{name} mul_mat{repacked}, int8",
                "quantises activations to int8, 32 to a scale: one integer product", len(data), call)


def q4_0(case):
    return q4(case, Q4_0, "Q4_0")


def q4_1(case):
    return q4(case, Q4_1, "Q4_1")
