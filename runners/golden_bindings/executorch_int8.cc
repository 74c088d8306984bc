// ExecuTorch's linear layers with an activation of eight bits.
#include <cstring>

#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

constexpr DType f32 = DType::f32;
constexpr std::int64_t kInt8 = 0, kFloat = 1;  // values of the parameter `activation`

// torch on a CPU multiplies the activation as it is: the weight dequantised to f32, a blocked matrix product, the bias.
constexpr Contract kTorchLinear{f32, f32, f32, 1, 4, false, true};
// The shaders sum up groups in f32, and may flush subnormals: both scales multiplied first, or one after the other.
constexpr Contract kShaderLinear{f32, f32, f32, 1, 8, true, true};

// Upstream's shader for one row multiplies the activation as it is; that for several quantises it.
void activation_of(const golden::Case& recorded, Sizes& params) {
  params["activation"] = std::get<std::string>(recorded.attributes.at("kernel")) == "coop" ? kFloat : kInt8;
}

template <typename T>
golden::Array one_element(std::string name, std::string dtype, T value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  return {std::move(name), std::move(dtype), {1}, {bytes.begin(), bytes.end()}, "", "", {1}};
}

// Upstream hands scale and zero point over as numbers.
std::optional<golden::Case> with_input_parameters(golden::Case recorded) {
  const auto scale = static_cast<float>(std::get<double>(recorded.attributes.at("input_scale")));
  const auto zero_point = static_cast<std::int8_t>(std::get<std::int64_t>(recorded.attributes.at("input_zero_point")));
  recorded.inputs.push_back(one_element("input_scale", "f32", scale));
  recorded.inputs.push_back(one_element("input_zp", "i8", zero_point));
  return recorded;
}

}  // namespace

std::vector<GoldenBinding> executorch_int8_bindings() {
  const auto inputs = [](const char* x, const char* scales) -> GoldenBinding::Renames {
    return {{x, "x"},
            {scales, scales},
            {"input_zp", "input_zp"},
            {"weights", "weights"},
            {"weight_sums", "weight_sums"},
            {"weight_scales", "weight_scales"},
            {"bias", "bias"}};
  };
  const GoldenBinding::Renames group = {{"group_size", "group"}}, output = {{"output", "y"}};
  return {
      {"executorch.linear_dq8ca_q4gsw",
       "linear_dq8ca_q4gsw",
       inputs("x", "input_scales"),
       group,
       output,
       {},
       kTorchLinear,
       {{"activation", kFloat}}},
      {"executorch.shader.linear_dq8ca_q4gsw",
       "linear_dq8ca_q4gsw",
       inputs("input", "input_scales"),
       group,
       output,
       {},
       kShaderLinear,
       {},
       activation_of},
      {"executorch.linear_q8ta_q8csw",
       "linear_q8ta_q8csw",
       inputs("x", "input_scale"),
       {},
       output,
       {},
       kTorchLinear,
       {{"activation", kFloat}},
       {},
       with_input_parameters},
  };
}

}  // namespace plumb
