// torchao's quantisers of 4-bit weights that pack what they quantise: Int4Tensor and Int4OpaqueTensor. Each step is
// judged with what the record holds of the step before; codes are taken out of the packed bytes.
#include "runners/golden_bindings/affine.h"
#include "runners/golden_bindings/recorded_steps.h"
#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Array;
using golden::Case;

// The same tensor with its leading dimensions as one.
Array flattened(Array array) {
  const std::int64_t columns = array.shape.back();
  array.shape = {element_count(array.shape) / columns, columns};
  return array;
}

// [B, G, N] as [G, B * N]: parameters of a batch of matrices as of one matrix.
Array of_one_matrix(const Array& array) {
  if (array.shape.size() == 2) return array;
  const std::int64_t batch = array.shape[0], groups = array.shape[1], rows = array.shape[2];
  const Tensor from = tensor_of(array);
  Tensor to(from.dtype(), {groups, batch * rows});
  for (std::int64_t i = 0; i < to.size(); ++i) {
    const std::int64_t g = i / (batch * rows), b = i / rows % batch, n = i % rows;
    to.set(i, from.at((b * groups + g) * rows + n));
  }
  return array_of(array.name.c_str(), to);
}

// Int4Tensor's record as one matrix, with its codes.
std::optional<Case> plain_matrix(Case whole) {
  if (whole.outputs.empty()) return std::nullopt;
  const Array packed = flattened(taken(whole, "qdata", "packed"));
  whole.inputs = {flattened(taken(whole, "w", "w"))};
  const Extent extent{packed.shape[0], packed.shape[1] * 2};
  whole.outputs = {packed, unpacked_codes(packed, "torchao.int4_plain", extent, DType::i8),
                   of_one_matrix(taken(whole, "scale", "scale")),
                   of_one_matrix(taken(whole, "zero_point", "zero_point"))};
  return whole;
}

GoldenBinding plain_quantiser() {
  return {.golden_op = "torchao.Int4Tensor.from_hp",
          .op = "quantize_plain_int4",
          .inputs = {{"w", "w"}},
          .attributes = {},
          .outputs = {{"codes", "codes"}, {"scale", "scale"}, {"zero_point", "zero_point"}},
          .output_dtypes = {},
          .adapt =
              [](const Case& recorded, Sizes& params) {
                params["group"] = parse_list(text_of(recorded, "block_size")).back();
                params["symmetric"] = text_of(recorded, "activation_dtype") == "bfloat16" ? 0 : 1;
              },
          .restate = plain_matrix};
}

// Packing and unpacking of the codes and bytes that `restate` finds.
std::vector<GoldenBinding> pack_bindings(const std::string& golden_op, const std::string& pack, Sizes fixed,
                                         const GoldenBinding::Renames& attributes,
                                         const std::function<std::optional<Case>(Case)>& restate) {
  const auto direction = [restate](const char* from) {
    return [restate, from](Case recorded) -> std::optional<Case> {
      std::optional<Case> whole = restate(std::move(recorded));
      if (whole) whole->inputs = {taken(*whole, from, from)};
      // Packing is bit for bit whatever the codes.
      if (whole) {
        for (Array& array : whole->outputs) array.accept = "bitwise";
      }
      return whole;
    };
  };
  const GoldenBinding::Renames codes = {{"codes", "codes"}}, packed = {{"packed", "packed"}};
  return {{.golden_op = golden_op,
           .op = "pack_" + pack,
           .inputs = codes,
           .attributes = attributes,
           .outputs = packed,
           .output_dtypes = {},
           .fixed = fixed,
           .restate = direction("codes")},
          {.golden_op = golden_op,
           .op = "unpack_" + pack,
           .inputs = packed,
           .attributes = attributes,
           .outputs = codes,
           .output_dtypes = {},
           .fixed = fixed,
           .restate = direction("packed")}};
}

constexpr const char* kOpaque = "torchao.Int4OpaqueTensor.from_hp";

// [G, N, 2] as [N, G]: the scales (0) or the zero points (1).
Array one_of_pair(const Array& pairs, std::int64_t which, const char* name) {
  const Tensor from = tensor_of(pairs);
  const std::int64_t groups = pairs.shape[0], rows = pairs.shape[1];
  Tensor to(from.dtype(), {rows, groups});
  for (std::int64_t i = 0; i < to.size(); ++i) to.set(i, from.at((i % groups * rows + i / groups) * 2 + which));
  return array_of(name, to, pairs.accept.c_str());
}

// Int4OpaqueTensor's record with its codes, scales and zero points.
std::optional<Case> opaque_matrix(Case whole) {
  if (whole.outputs.empty()) return std::nullopt;
  const Array packed = taken(whole, "qdata", "packed"), pairs = taken(whole, "scale_and_zero", "pairs");
  const Shape shape = whole.inputs.at(0).shape;
  whole.outputs = {packed,
                   unpacked_codes(packed, "aten.int4_" + text_of(whole, "isa"), {shape[0], shape[1]}, DType::i32),
                   one_of_pair(pairs, 0, "scale"), one_of_pair(pairs, 1, "zero_point")};
  whole.attributes["quant_min"] = std::int64_t{0};
  whole.attributes["quant_max"] = std::int64_t{15};
  whole.attributes["eps"] = 1e-6;
  return whole;
}

GoldenBinding opaque_tinygemm(GoldenBinding binding, Step step) {
  binding.golden_op = kOpaque;
  binding.restate = [step](Case whole) -> std::optional<Case> {
    if (text_of(whole, "algorithm") != "tinygemm") return std::nullopt;
    const std::optional<Case> matrix = opaque_matrix(std::move(whole));
    return matrix ? on_grid(step_of(*matrix, step, {"w", "codes"})) : std::nullopt;
  };
  return binding;
}

GoldenBinding opaque_hqq() {
  GoldenBinding binding{.golden_op = kOpaque,
                        .op = "quantize_hqq",
                        .inputs = {{"w", "w"}},
                        .attributes = {},
                        .outputs = {{"codes", "codes"}, {"scale", "scale"}, {"zero_point", "zero"}},
                        .output_dtypes = {{"scale", "param"}},
                        .fixed = {{"bits", 4}, {"axis", 1}, {"optimize", 1}, {"raw", 0}}};
  binding.adapt = [](const Case& recorded, Sizes& params) {
    params["group"] = parse_list(text_of(recorded, "block_size")).back();
  };
  binding.restate = [](Case whole) -> std::optional<Case> {
    if (text_of(whole, "algorithm") != "hqq") return std::nullopt;
    std::optional<Case> matrix = opaque_matrix(std::move(whole));
    if (!matrix) return std::nullopt;
    for (Array& array : matrix->outputs) {
      if (array.name == "scale" || array.name == "zero_point") array.shape = {element_count(array.shape)};
      if (array.name != "codes") continue;
      Tensor codes(DType::u8, array.shape);
      for (std::int64_t i = 0; i < codes.size(); ++i) codes.set(i, tensor_of(array).at(i));
      array = array_of("codes", codes, array.accept.c_str());
    }
    return matrix;
  };
  return binding;
}

}  // namespace

std::vector<GoldenBinding> int4_quantiser_bindings() {
  const std::vector<GoldenBinding> tinygemm = tinygemm_bindings();
  std::vector<GoldenBinding> bindings = {plain_quantiser(), opaque_tinygemm(tinygemm[0], Step::choose),
                                         opaque_tinygemm(tinygemm[1], Step::quantize), opaque_hqq()};
  for (const auto& packs : {pack_bindings("torchao.Int4Tensor.from_hp", "plain_int4",
                                          {{"container", static_cast<int>(DType::i8)}}, {}, plain_matrix),
                            pack_bindings(kOpaque, "aten_int4", {}, {{"isa", "isa"}}, opaque_matrix)}) {
    bindings.insert(bindings.end(), packs.begin(), packs.end());
  }
  return bindings;
}

}  // namespace plumb
