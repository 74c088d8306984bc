#include "property_tests/faults/rebuilt/rebuilt.h"

namespace plumb::faults {
namespace {

constexpr const char* kLinear = "linear_q4gsw";
constexpr const char* kDq8ca = "linear_dq8ca_q4gsw";
constexpr const char* kQ8ta = "linear_q8ta_q8csw";
constexpr const char* kCompressed = "matmul_compressed";

// Sums without order or rounding of their own, where every correct kernel has the same bits.
constexpr const char* kExact = "exact data";
// What the contract promises.
constexpr const char* kBound = "proved bound";
constexpr const char* kPoison = "poisoned output";
constexpr const char* kWorker = "worker process";
constexpr const char* kThreads = "other threads";
constexpr const char* kStatus = "status";
constexpr const char* kBits = "prescribed bits";

constexpr Rebuilt kRebuilt[] = {
    // Packs and layouts.
    {"P01", "https://github.com/google/XNNPACK/pull/10463", "pack_int4_transposed", "pack",
     "rows of the source are fetched at the stride of the packed result", kBits, "as far apart as those of the result",
     [] { return rebuilt_pack("P01"); }},
    {"P03", "https://github.com/kekzl/imp/pull/722", "unpack_uintx", "pack",
     "codes of a byte, half a row apart, are taken for neighbours", kBits, "a byte taken to hold",
     [] { return rebuilt_pack("P03"); }},
    {"P03.sum", "https://github.com/kekzl/imp/pull/722", kDq8ca, "kernel",
     "the sum that corrects for the zero point is not multiplied by the activation's scale", kExact,
     "not multiplied by input_scales", [] { return rebuilt_int8("P03"); }},
    {"P05", "https://github.com/iree-org/iree/issues/14481", "unpack_uint4", "pack",
     "loads of four codes go four bytes on, not two", kBits, "four codes loaded at a time",
     [] { return rebuilt_pack("P05"); }},
    {"P07", "https://github.com/uxlfoundation/oneDNN/pull/5634", kLinear, "kernel",
     "in what is left of K the pointer goes a byte on for every code", kExact, "a byte forward for every code",
     [] { return rebuilt_linear("P07"); }},
    // Scales and zero points.
    {"S01", "https://github.com/intel/torch-xpu-ops/pull/5001", kLinear, "kernel",
     "slot of a slice of 32: slice * (32 / group), which is 0 for larger groups; M = 1 only", kExact,
     "of group 0 taken for all groups", [] { return rebuilt_linear("S01"); }},
    {"S01.vulkan", "https://github.com/intel/torch-xpu-ops/pull/5001", kLinear, "shader",
     "slot of a slice of 32: slice * (32 / group), which is 0 for larger groups", kExact,
     "of group 0 taken for all groups", [] { return rebuilt_shader("S01"); }},
    {"S02", "https://github.com/vllm-project/vllm/pull/39705", kLinear, "kernel",
     "scales are loaded once for a tile of 64 columns", kExact, "taken once for 64 columns",
     [] { return rebuilt_linear("S02"); }},
    {"S02.vulkan", "https://github.com/vllm-project/vllm/pull/39705", kLinear, "shader",
     "scales are loaded once for a tile of 32 columns", kExact, "taken once for 32 columns",
     [] { return rebuilt_shader("S02"); }},
    {"S04", "https://github.com/huggingface/kernels-community/pull/1038", kDq8ca, "kernel",
     "scales advance by one row for each batch, not by the rows of a batch", kBound,
     "a stride of rows where one of batches is wanted", [] { return rebuilt_int8("S04"); }},
    {"S06", "https://github.com/microsoft/onnxruntime/pull/26506", kCompressed, "kernel",
     "padding of rows of 4-bit zero points got wrong where a row has an odd number", kExact,
     "as if each row began at a byte", [] { return rebuilt_compressed("S06"); }},
    // Groups and tails.
    {"G01", "https://github.com/ml-explore/mlx/pull/3854", kLinear, "kernel",
     "parts of split K are smaller than the tile that they are read in", kExact, "(split K) read in tiles of 32",
     [] { return rebuilt_linear("G01"); }},
    {"G02", "https://github.com/ml-explore/mlx/issues/3887", kLinear, "kernel",
     "the last tile of K is multiplied in full, with what the one before left", kExact, "last tile of K read 64 wide",
     [] { return rebuilt_linear("G02"); }},
    {"G02.vulkan", "https://github.com/ml-explore/mlx/issues/3887", kLinear, "shader",
     "the last tile of K is not zeroed beyond K", kExact, "last tile of K read 32 wide",
     [] { return rebuilt_shader("G02"); }},
    {"G04", "https://github.com/ml-explore/mlx/issues/4250", kLinear, "kernel", "the grid is N / 64 rounded down",
     kPoison, "never written", [] { return rebuilt_linear("G04"); }},
    {"G04.vulkan", "https://github.com/ml-explore/mlx/issues/4250", kLinear, "shader",
     "the grid is N / 64 rounded down", kPoison, "never written", [] { return rebuilt_shader("G04"); }},
    {"G06", "https://github.com/ROCm/hip-ep/pull/588", kLinear, "kernel",
     "packed rows K / 2 bytes apart, padding or not", kBound, "stride without padding",
     [] { return rebuilt_linear("G06"); }},
    {"G06.vulkan", "https://github.com/ROCm/hip-ep/pull/720", kLinear, "shader",
     "packed rows K / 2 bytes apart, padding or not", kBound, "stride without padding",
     [] { return rebuilt_shader("G06"); }},
    {"G07", "https://github.com/google/XNNPACK/pull/8463", kLinear, "kernel",
     "rows that fill up a block of four are stored over the last one", kExact, "of row 0 used for all rows",
     [] { return rebuilt_linear("G07"); }},
    // Arithmetic.
    {"A01", "https://github.com/ikawrakow/ik_llama.cpp/pull/427", kQ8ta, "kernel",
     "pairs of unsigned times signed products saturate at 16 bits", kExact, "pairs of products saturate",
     [] { return rebuilt_int8("A01"); }},
    {"A04", "https://github.com/microsoft/BitNet/issues/629", kQ8ta, "kernel",
     "128 products are added in 16 bits before they are widened", kExact, "wrap round at 16 bits",
     [] { return rebuilt_int8("A04"); }},
    {"A05", "https://github.com/ggml-org/llama.cpp/pull/21652", kCompressed, "kernel",
     "sums of the activation's groups, for the zero points, are stored in f16", kBound,
     "sums of the activation's groups", [] { return rebuilt_compressed("A05"); }},
    {"A08", "https://github.com/openvinotoolkit/openvino/pull/27657", kCompressed, "kernel",
     "the zero point's term has the sum of the activation before it is quantised", kBound, "before it is quantised",
     [] { return rebuilt_compressed("A08"); }},
    {"A10", "https://github.com/invergent-ai/surogate/issues/162", "nncf_compress_constants", "pack",
     "f32 to f16 makes zeros of subnormal numbers", kBits, "flushed to zero", [] { return rebuilt_pack("A10"); }},
    {"A11", "https://github.com/sgl-project/sglang-jax/pull/1598", kDq8ca, "kernel",
     "the scaled activation is cast to int8, not rounded", kBound, "truncated to int8",
     [] { return rebuilt_int8("A11"); }},
    {"A11.pack", "https://github.com/sgl-project/sglang-jax/pull/1598", "q4gsw_requant", "pack",
     "the scaled weight is cast to an integer, not rounded", kBits, "truncated, not rounded",
     [] { return rebuilt_pack("A11"); }},
    {"A12", "https://github.com/pytorch/FBGEMM/pull/9", "q4gsw_requant", "pack",
     "vectors round ties to even, what is left of a row away from zero", kBits, "codes off by one",
     [] { return rebuilt_pack("A12"); }},
    // Signs and offsets.
    {"O01", "https://github.com/gittensor-ai-lab/sparkinfer/pull/761", kLinear, "kernel",
     "8 is subtracted from four packed codes at once: a borrow crosses to the next", kExact, "a borrow crosses lanes",
     [] { return rebuilt_linear("O01"); }},
    {"O02", "https://github.com/tile-ai/tilelang/issues/2477", kLinear, "kernel",
     "the vectors' decoder subtracts 7, the scalar one 8", kExact, "offset 7 instead of 8",
     [] { return rebuilt_linear("O02"); }},
    {"O04", "https://github.com/ModelCloud/GPTQModel/pull/2351", kCompressed, "kernel",
     "zero point - 1 is stored in four bits: 0 becomes 15", kExact, "wraps round to 15",
     [] { return rebuilt_compressed("O04"); }},
    {"O05", "https://github.com/ROCm/hip-ep/pull/134", kCompressed, "kernel",
     "where no zero point is given, the other operator's default is taken", kExact, "assumed where none is given",
     [] { return rebuilt_compressed("O05"); }},
    // Memory.
    {"M01", "https://github.com/ggml-org/llama.cpp/pull/19575", "pack_w_4x8", "pack",
     "eight bytes are copied for every four", kWorker, "it wrote 1 byte past the end of packed",
     [] { return rebuilt_pack("M01"); }},
    {"M03", "https://github.com/pytorch/executorch/issues/21423", kDq8ca, "kernel",
     "the buffer of corrections is sized by K: beyond K / 2 rows there are none", kBound, "weight_sums ignored",
     [] { return rebuilt_int8("M03"); }},
    {"M05", "https://github.com/ikawrakow/ik_llama.cpp/pull/2493", kLinear, "kernel",
     "whole vectors are read: behind the last row are no zeros, and NaN times 0 is NaN", kBound,
     "NaN where every input is finite", [] { return rebuilt_linear("M05"); }},
    {"M07", "https://github.com/ggml-org/llama.cpp/issues/29039", kLinear, "shader",
     "invocations beyond a tile in shared memory store zeros behind it", kExact, "bias ignored",
     [] { return rebuilt_shader("M07"); }},
    {"M07.store", "https://github.com/ggml-org/llama.cpp/issues/29039", kLinear, "shader",
     "outputs beyond N are stored without a test: over the next row, and behind the last", kStatus,
     "returned 'internal error'", [] { return rebuilt_shader("unchecked store"); }},
    // Concurrency.
    {"C01", "https://github.com/microsoft/onnxruntime/pull/27216", "pack_uint4", "pack",
     "two threads write halves of one byte without an atomic operation", kThreads, "bits missing",
     [] { return rebuilt_pack("C01"); }},
    {"C02", "https://github.com/ggml-org/llama.cpp/pull/16956", kLinear, "kernel",
     "chunks of outputs rounded to eights at both ends: some are nobody's", kThreads, "never written",
     [] { return rebuilt_linear("C02"); }},
    {"C04", "https://github.com/sgl-project/sglang/issues/29748", kLinear, "kernel",
     "one part of K clears the output, perhaps after another has added to it", kThreads, "second half of K missing",
     [] { return rebuilt_linear("C04"); }},
    {"C05", "https://github.com/ggml-org/llama.cpp/pull/11081", kLinear, "shader",
     "no barriers around the tile in shared memory", kExact, "", [] { return rebuilt_shader("C05"); },
     "a race need not show in every run"},
    {"C07", "https://github.com/vllm-project/vllm/pull/54706", kLinear, "kernel",
     "four parts of K are merged in bf16 in the order in which they arrive", kBound, "merged in bf16",
     [] { return rebuilt_linear("C07"); }},
    // Dispatch and contracts of calls.
    {"D02", "https://github.com/microsoft/BitNet/issues/547", kLinear, "kernel",
     "no branch for the build's instruction set: an empty body", kPoison, "never written",
     [] { return rebuilt_linear("D02"); }},
    {"D03", "https://github.com/ggml-org/llama.cpp/issues/25734", kLinear, "shader",
     "the tile of a warp of 128 is larger than that of its block", kPoison, "never written",
     [] { return rebuilt_shader("D03"); }},
    {"T01", "https://github.com/ml-explore/mlx/issues/3480", kCompressed, "kernel",
     "a scale that serves all is read with strides; M < 4 only", kExact, "read with strides",
     [] { return rebuilt_compressed("T01"); }},
    {"T03", "https://github.com/ROCm/hip-ep/pull/162", kCompressed, "kernel", "zero points in bf16 are read as f16",
     kBound, "bf16, read as f16", [] { return rebuilt_compressed("T03"); }},
};

constexpr const char* kGraph = "a bug of graph rewrites, not of a kernel";
constexpr NotRebuilt kNotRebuilt[] = {
    {"R01", kGraph}, {"R02", kGraph}, {"R03", kGraph}, {"R05", kGraph}, {"R07", kGraph}};

}  // namespace

std::span<const Rebuilt> rebuilt_faults() { return kRebuilt; }
std::span<const NotRebuilt> not_rebuilt() { return kNotRebuilt; }

}  // namespace plumb::faults
