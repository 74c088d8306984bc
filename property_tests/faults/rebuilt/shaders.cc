// Reported bugs of shaders, in linear_q4gsw on a Vulkan device.

#include <bit>
#include <string_view>

#include "impls/vulkan/discovery.h"
#include "impls/vulkan/word_shader.h"
#include "property_tests/faults/rebuilt/rebuilt.h"
#include "reference/error.h"

namespace plumb::faults {
namespace {

constexpr std::uint32_t kGemmSpirv[] =
#include "shaders/faulty_gemm.spv.inc"
    ;
constexpr vulkan::Shader kGemm{"faulty_gemm", kGemmSpirv, 4};

// What of the shader's faults, and of the code around them, a record has.
struct Record {
  std::string_view id;
  std::uint32_t fault = 0, subgroup = 32;  // constants of it
  bool floor_of_grid = false;              // N / 64 work groups instead of as many as are begun
  bool stride_without_padding = false;     // rows of K / 2 bytes
};
constexpr Record kRecords[] = {
    {.id = "plain"},
    {.id = "C05", .fault = 1},
    {.id = "D03", .fault = 2, .subgroup = 128},
    {.id = "M07", .fault = 3},
    {.id = "S02", .fault = 4},
    {.id = "unchecked store", .fault = 5},
    {.id = "G02", .fault = 6},
    {.id = "S01", .fault = 7},
    {.id = "G04", .floor_of_grid = true},
    {.id = "G06", .stride_without_padding = true},
};

enum Input : std::size_t { kX, kWeights, kScales, kBias };

struct Weight {
  vulkan::StoragePtr codes, scales, bias;
};

std::shared_ptr<void> prepare(const vulkan::DeviceId& id, const Call& call) {
  vulkan::Device& device = vulkan::Device::at(id);
  std::vector<float> bias = call.input_as_f32(kBias);
  bias.resize(static_cast<std::size_t>(call["N"]));
  return std::make_shared<Weight>(Weight{vulkan::upload_input(device, call, kWeights),
                                         device.upload("weight_scales", call.input_as_f32(kScales)),
                                         device.upload("bias", bias)});
}

void run(const vulkan::DeviceId& id, const Record& record, const Call& call, const Weight& weight) {
  if (call.output_count() == 0) return;
  vulkan::Device& device = vulkan::Device::at(id);
  const auto rows = static_cast<std::uint64_t>(call["M"]), outputs = static_cast<std::uint64_t>(call["N"]);
  const std::uint64_t n_tiles = record.floor_of_grid ? outputs / 64 : (outputs + 63) / 64;
  const std::uint64_t groups = n_tiles * ((rows + 3) / 4);
  if (groups == 0) return;  // nothing is launched
  const std::int64_t columns = call["K"],
                     row_bytes = record.stride_without_padding ? columns / 2 : (columns + 7) / 8 * 4;
  const std::vector<std::uint32_t> bits = device.run(
      {.shader = &kGemm,
       .constants = {64, 1, record.fault, record.subgroup},
       .sizes = {vulkan::word_of(call["M"]), vulkan::word_of(call["N"]), vulkan::word_of(columns),
                 vulkan::word_of(call["group"]), vulkan::word_of(row_bytes), static_cast<std::uint32_t>(n_tiles)},
       .inputs = {device.upload("x", call.input_as_f32(kX)), weight.codes, weight.scales, weight.bias},
       .groups = groups,
       .output_words = static_cast<std::uint64_t>(call.output_count())});
  std::vector<float> values;
  values.reserve(bits.size());
  for (const std::uint32_t word : bits) values.push_back(std::bit_cast<float>(word));
  call.store_f32(values);
}

// The rounding of a weight, of a product, at most K sums, and the bias.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F32, PLUMB_F32, 1, 4, 1, 1};

}  // namespace

Kernel rebuilt_shader(const char* id) {
  const auto& found = vulkan::discovery().devices;
  const vulkan::DeviceId device = found.empty() ? vulkan::DeviceId{} : found[0].id;
  for (const Record& record : kRecords) {
    if (record.id != id) continue;
    return {"linear_q4gsw", kContract, [device](const Call& call) { return prepare(device, call); },
            [device, &record](const Call& call, void* weight) {
              run(device, record, call, *static_cast<const Weight*>(weight));
            }};
  }
  PLUMB_CHECK(false);
}

}  // namespace plumb::faults
