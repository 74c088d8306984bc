"""oneDNN's matrix multiplication as Debian has it (libdnnl2): version 2 knows no 4-bit weights, so it is of int8."""

import ctypes

from peer import Absent, Peer

F32, S32, S8, U8 = 3, 4, 5, 6  # dnnl_data_type_t
ANY, AB = 1, 3  # dnnl_format_tag_t
CPU, IN_ORDER = 1, 1
WEIGHTS_MD = 131  # dnnl_query_t
ARGUMENTS = {"source": 1, "weights": 33, "destination": 17}  # DNNL_ARG_…
LARGEST_DESCRIPTION = 8192  # bytes; those of version 2 take less than one thousand each
ALLOCATE = ctypes.c_void_p(-1)


class Argument(ctypes.Structure):
    _fields_ = [("which", ctypes.c_int), ("memory", ctypes.c_void_p)]


class OneDnn:
    def __init__(self):
        try:
            self.library = ctypes.CDLL("libdnnl.so.2")
        except OSError as error:
            raise Absent(str(error)) from error

    def __call__(self, name, *arguments):
        status = getattr(self.library, "dnnl_" + name)(*arguments)
        if status != 0:
            raise Absent(f"dnnl_{name} gave status {status}")

    def made(self, name, *arguments):
        """What a function makes behind its first argument."""
        handle = ctypes.c_void_p()
        self(name, ctypes.byref(handle), *arguments)
        return handle

    def description(self, kind, tag, rows, columns):
        description = ctypes.create_string_buffer(LARGEST_DESCRIPTION)
        self("memory_desc_init_by_tag", description, 2, (ctypes.c_int64 * 2)(rows, columns), kind, tag)
        return description

    def memory(self, description, engine, value):
        memory = self.made("memory_create", description, engine, ALLOCATE)
        data = ctypes.c_void_p()
        self("memory_get_data_handle", memory, ctypes.byref(data))
        self.library.dnnl_memory_desc_get_size.restype = ctypes.c_size_t
        size = self.library.dnnl_memory_desc_get_size(description)
        ctypes.memset(data, value, size)
        return memory, size


def int8_matmul(case):
    dnnl = OneDnn()
    engine = dnnl.made("engine_create", CPU, ctypes.c_size_t(0))
    stream = dnnl.made("stream_create", engine, IN_ORDER)
    source = dnnl.description(U8, AB, case.M, case.K)
    weights = dnnl.description(S8, ANY, case.K, case.N)
    destination = dnnl.description(S32, AB, case.M, case.N)
    operation = ctypes.create_string_buffer(LARGEST_DESCRIPTION)
    dnnl("matmul_desc_init", operation, source, weights, None, destination)
    primitive_description = dnnl.made("primitive_desc_create", operation, None, engine, None)
    dnnl.library.dnnl_primitive_desc_query_md.restype = ctypes.c_void_p
    packed = ctypes.c_void_p(dnnl.library.dnnl_primitive_desc_query_md(primitive_description, WEIGHTS_MD, 0))
    primitive = dnnl.made("primitive_create", primitive_description)
    weight_memory, weight_bytes = dnnl.memory(packed, engine, 3)
    memories = {"source": dnnl.memory(source, engine, 5)[0], "weights": weight_memory,
                "destination": dnnl.memory(destination, engine, 0)[0]}
    arguments = (Argument * len(ARGUMENTS))(*(Argument(ARGUMENTS[name], memories[name]) for name in ARGUMENTS))

    def call():
        dnnl("primitive_execute", primitive, stream, len(arguments), arguments)
        dnnl("stream_wait", stream)

    dnnl.library.dnnl_version.restype = ctypes.POINTER(ctypes.c_int * 3)
    version = ".".join(map(str, dnnl.library.dnnl_version().contents))
    return Peer(f"oneDNN {version}", "int8 matmul without scales, as it has no 4-bit weights",
                "multiplies int8 by int8: no code is unpacked, no scale applied", weight_bytes, call)
