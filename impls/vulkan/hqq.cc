// quantize_hqq and quantize_hqq_scale_only: one shader follows every group through all iterations, the host finds the
// one after which the whole tensor stops, and further shaders make of its zeros or scales what is stored.
#include <algorithm>
#include <bit>
#include <cmath>

#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kZerosSpirv[] =
#include "shaders/hqq_zeros.spv.inc"
    ;
constexpr std::uint32_t kScalesSpirv[] =
#include "shaders/hqq_scales.spv.inc"
    ;
constexpr std::uint32_t kCodesSpirv[] =
#include "shaders/hqq_codes.spv.inc"
    ;
constexpr std::uint32_t kParametersSpirv[] =
#include "shaders/hqq_parameters.spv.inc"
    ;
constexpr Shader kZerosShader{"hqq_zeros", kZerosSpirv, 2};
constexpr Shader kScalesShader{"hqq_scales", kScalesSpirv, 1};
constexpr Shader kCodesShader{"hqq_codes", kCodesSpirv, 3};
constexpr Shader kParametersShader{"hqq_parameters", kParametersSpirv, 2};

constexpr std::uint32_t kIterations = 20;

using Words = std::vector<std::uint32_t>;

float as_float(std::uint32_t word) { return std::bit_cast<float>(word); }

// What all shaders here take beyond their number of words.
struct Sizes {
  std::uint32_t groups, group, along;
  float low, high;
  std::uint32_t iterations;

  // `option`: what the shader makes; the output is the call's.
  [[nodiscard]] Words of(std::uint32_t option, const Call& call, std::size_t output) const {
    return {groups,
            group,
            along,
            std::bit_cast<std::uint32_t>(low),
            std::bit_cast<std::uint32_t>(high),
            iterations,
            option,
            static_cast<std::uint32_t>(call.output_dtype(output)),
            static_cast<std::uint32_t>(call.output_count(output))};
  }
};

// An invocation for each group, `words_each` words of output.
Words run_per_group(Device& device, const Shader& shader, const Words& sizes, std::uint32_t words_each,
                    std::vector<StoragePtr> inputs) {
  const std::uint64_t groups = sizes[0];
  const std::uint32_t local_size = device.local_size();
  Words all = {static_cast<std::uint32_t>(groups) * words_each};
  all.insert(all.end(), sizes.begin(), sizes.end());
  return device.run({.shader = &shader,
                     .constants = {local_size},
                     .sizes = std::move(all),
                     .inputs = std::move(inputs),
                     .groups = (groups + local_size - 1) / local_size,
                     .output_words = groups * words_each});
}

// Word `place` of each group.
Words column(const Words& words, std::uint32_t words_each, std::uint32_t place) {
  Words result;
  for (std::size_t i = place; i < words.size(); i += words_each) result.push_back(words[i]);
  return result;
}

// After how many iterations quantize_hqq stops: the mean error no longer falls.
std::uint32_t iterations_of_zeros(const Words& words, std::uint32_t words_each, std::int64_t elements) {
  float best = 1e4F;
  for (std::uint32_t i = 0; i < kIterations; ++i) {
    double total = 0;
    for (const std::uint32_t error : column(words, words_each, 3 + 2 * i)) total += as_float(error);
    const float mean = static_cast<float>(total) / static_cast<float>(elements);
    if (!(mean < best)) return i + 1;
    best = mean;
  }
  return kIterations;
}

// After how many quantize_hqq_scale_only does: no scale changes by a hundred-thousandth of itself.
std::uint32_t iterations_of_scales(const Words& words) {
  for (std::uint32_t i = 0; i < kIterations; ++i) {
    const Words before = column(words, 1 + kIterations, i), after = column(words, 1 + kIterations, i + 1);
    const bool settled = std::ranges::equal(before, after, [](std::uint32_t from, std::uint32_t to) {
      return std::abs(as_float(to) - as_float(from)) / as_float(from) < 1e-5F;  // no for NaN
    });
    if (settled) return i + 1;
  }
  return kIterations;
}

// b of each iteration.
std::vector<float> shrinkages() {
  std::vector<float> result;
  double beta = 10;
  for (std::uint32_t i = 0; i < kIterations; ++i, beta *= 1.01) result.push_back(static_cast<float>(1 / beta));
  return result;
}

void run_with_zeros(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const Sizes sizes{.groups = static_cast<std::uint32_t>(call.output_count(1)),
                    .group = word_of(call["group"]),
                    .along = word_of(call["axis"]),
                    .low = 0,
                    .high = static_cast<float>((1 << call["bits"]) - 1),
                    .iterations = call["optimize"] != 0 ? kIterations : 0};
  const StoragePtr values = device.upload("w", call.input_as_f32(0));
  const std::uint32_t words_each = 2 + 2 * sizes.iterations;
  const Words words = run_per_group(device, kZerosShader, sizes.of(call["bits"] == 4 ? 1 : 0, call, 1), words_each,
                                    {values, device.upload("shrinkage", shrinkages())});
  const std::uint32_t last = sizes.iterations == 0 ? 0 : iterations_of_zeros(words, words_each, call.input_count(0));
  const StoragePtr scale = device.upload("scale", column(words, words_each, 0));
  const StoragePtr zero = device.upload("zero", column(words, words_each, last == 0 ? 1 : 2 * last));
  run_per_word(device, kCodesShader, call, 0, {values, scale, zero}, sizes.of(0, call, 0));
  run_per_word(device, kParametersShader, call, 1, {scale, zero}, sizes.of(0, call, 1));
  run_per_word(device, kParametersShader, call, 2, {scale, zero}, sizes.of(call["raw"] != 0 ? 1 : 2, call, 2));
}

void run_scale_only(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const Sizes sizes{.groups = static_cast<std::uint32_t>(call.output_count(1)),
                    .group = word_of(call["group"]),
                    .along = 1,
                    .low = static_cast<float>(call["quant_min"]),
                    .high = static_cast<float>(call["quant_max"]),
                    .iterations = kIterations};
  const StoragePtr values = device.upload("w", call.input_as_f32(0));
  const Words words = run_per_group(device, kScalesShader, sizes.of(0, call, 1), 1 + kIterations, {values});
  const StoragePtr scale = device.upload("scale", column(words, 1 + kIterations, iterations_of_scales(words)));
  const StoragePtr none = device.upload("zero", Words(1));
  run_per_word(device, kCodesShader, call, 0, {values, scale, none}, sizes.of(1, call, 0));
  // Stored as they are, like zeros that are codes.
  run_per_word(device, kParametersShader, call, 1, {none, scale}, sizes.of(1, call, 1));
}

}  // namespace

Kernel quantize_hqq_kernel(const DeviceId& device) {
  return {"quantize_hqq", kExactContract, nullptr, [device](const Call& call, void*) { run_with_zeros(device, call); }};
}

Kernel quantize_hqq_scale_only_kernel(const DeviceId& device) {
  return {"quantize_hqq_scale_only", kExactContract, nullptr,
          [device](const Call& call, void*) { run_scale_only(device, call); }};
}

}  // namespace plumb::vulkan
