#include <charconv>

#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

constexpr DType f32 = DType::f32, exact = DType::f64;

// What was run for accelerators is a stand-in that sums in f64.
constexpr Contract kStandIn{f32, exact, DType::f64, 1, 4, false, true};
// ATen on a CPU: codes dequantised to f32 (scaled, then added to), a blocked sum of any order.
constexpr Contract kAten{f32, f32, f32, 1, 8, false, true};

// The last number of "[1, 64]".
void group_of_block(const golden::Case& recorded, Sizes& params) {
  const auto& text = std::get<std::string>(recorded.attributes.at("block_size"));
  const std::size_t last = text.find_last_of("[ ,") + 1;
  std::from_chars(text.data() + last, text.data() + text.size(), params["group"]);
}

GoldenBinding plain_int32(const std::string& device, const std::string& output, const Sizes& fixed) {
  return {"torchao.Int4PlainInt32Tensor.linear." + device,
          "linear_int4_plain_int32",
          {{"input", "x"},
           {"qdata", "qdata"},
           {"scale", "scale"},
           {"zero_point", "zero_point"},
           {"bias", "bias"},
           {"act_pre_scale", "act_pre_scale"}},
          {},
          {{output, "y"}},
          {},
          kStandIn,
          fixed,
          group_of_block};
}

}  // namespace

std::vector<GoldenBinding> int4_linear_bindings() {
  return {
      plain_int32("xpu", "output", {{"device", 0}}),
      plain_int32("npu", "output", {{"device", 1}}),
      plain_int32("npu", "output_offset_added", {{"device", 1}, {"offset", 1}}),
      {"aten._weight_int4pack_mm_for_cpu",
       "weight_int4pack_mm",
       {{"A", "x"},
        {"packed", "packed"},
        {"scale_and_zeros", "scale_and_zeros"},
        {"bias", "bias"},
        {"act_pre_scale", "act_pre_scale"}},
       {{"group_size", "group"}, {"isa", "isa"}},
       {{"output", "y"}},
       {},
       kAten},
      {"torchao.Int4OpaqueTensor.linear",
       "weight_int4pack_mm",
       {{"input", "x"},
        {"qdata", "packed"},
        {"scale_and_zero", "scale_and_zeros"},
        {"bias", "bias"},
        {"act_pre_scale", "act_pre_scale"}},
       {{"isa", "isa"}},
       {{"output", "y"}},
       {},
       kAten,
       {},
       group_of_block},
  };
}

}  // namespace plumb
