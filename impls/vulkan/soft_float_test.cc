// soft_float.glsl against the CPU's IEEE 754 arithmetic.
#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <functional>
#include <random>

#include "impls/vulkan/device.h"
#include "impls/vulkan/device_under_test.h"
#include "reference/dtype.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/soft_float_test.spv.inc"
    ;
constexpr Shader kShader{"soft_float_test", kSpirv, 2};

using Words = std::vector<std::uint32_t>;

float number(std::uint32_t bits) { return std::bit_cast<float>(bits); }
std::uint32_t bits_of(float value) { return std::isnan(value) ? 0x7fc00000U : std::bit_cast<std::uint32_t>(value); }

// Zeros, ends of the ranges, ties of integers, f16 and bf16, each also one bit away; each with each; and random bits.
void make_operands(Words& a, Words& b) {
  Words edges;
  for (const std::uint32_t x :
       {0x00000000U, 0x00000001U, 0x007fffffU, 0x00800000U, 0x33000000U, 0x33800000U, 0x38800000U, 0x3effffffU,
        0x3f000000U, 0x3f800000U, 0x3f808000U, 0x3f801000U, 0x3fc00000U, 0x40200000U, 0x477ff000U, 0x47800000U,
        0x4b000000U, 0x4b7fffffU, 0x4f000000U, 0x7f7fffffU, 0x7f800000U, 0x7fc00000U}) {
    for (const std::uint32_t neighbour : {x, x + 1, x - 1}) {
      edges.push_back(neighbour);
      edges.push_back(neighbour ^ 0x80000000U);
    }
  }
  for (const std::uint32_t x : edges) {
    for (const std::uint32_t y : edges) a.push_back(x), b.push_back(y);
  }
  std::mt19937 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint32_t x = random();
    a.push_back(x);
    // Every other one near the first, so that sums cancel and quotients are near 1.
    b.push_back(i % 2 == 0 ? random() : x ^ (random() & 0x81ffffffU));
  }
}

// Division, say, on a CPU. volatile: the compiler must not compute it in advance or in another way.
struct Operation {
  const char* name;
  std::function<std::uint32_t(std::uint32_t, std::uint32_t)> expected;
};

std::uint32_t rounded_to(DType type, std::uint32_t x) { return bits_of(static_cast<float>(round_to(type, number(x)))); }

std::uint32_t nearest_int(std::uint32_t x) {
  const double value = std::nearbyint(static_cast<double>(number(x)));
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::clamp(value, -2147483648.0, 2147483647.0)));
}

const Operation kOperations[] = {
    {"add", [](auto x, auto y) { return bits_of(number(x) + number(y)); }},
    {"sub", [](auto x, auto y) { return bits_of(number(x) - number(y)); }},
    {"mul", [](auto x, auto y) { return bits_of(number(x) * number(y)); }},
    {"div", [](auto x, auto y) { return bits_of(number(x) / number(y)); }},
    {"rint", [](auto x, auto) { return bits_of(std::nearbyint(number(x))); }},
    {"nearest_int", [](auto x, auto) { return nearest_int(x); }},
    {"from_int", [](auto x, auto) { return bits_of(static_cast<float>(static_cast<std::int32_t>(x))); }},
    {"round_bf16", [](auto x, auto) { return rounded_to(DType::bf16, x); }},
    {"round_f16", [](auto x, auto) { return rounded_to(DType::f16, x); }},
    {"f16_bits",
     [](auto x, auto) -> std::uint32_t {
       return std::isnan(number(x)) ? 0x7e00U : std::uint32_t{Eigen::half(number(x)).x};
     }},
    {"from_f16",
     [](auto x, auto) {
       const auto half = static_cast<std::uint16_t>(x & 0xffffU);
       return bits_of(static_cast<float>(load(DType::f16, reinterpret_cast<const std::byte*>(&half))));
     }},
    {"min", [](auto x, auto y) { return number(y) < number(x) ? y : x; }},
    {"max", [](auto x, auto y) { return number(x) < number(y) ? y : x; }},
};

class SoftFloat : public DeviceTest {};

TEST_F(SoftFloat, IsBitForBitTheCpus) {
  Words a, b;
  make_operands(a, b);
  Device& device = Device::at(id());
  const auto words = static_cast<std::uint32_t>(a.size());
  for (std::uint32_t operation = 0; operation < std::size(kOperations); ++operation) {
    const Words got = device.run({.shader = &kShader,
                                  .constants = {64},
                                  .sizes = {words, operation},
                                  .inputs = {device.upload("a", a), device.upload("b", b)},
                                  .groups = (words + 63) / 64,
                                  .output_words = words});
    const auto& [name, expected] = kOperations[operation];
    int wrong = 0;
    for (std::size_t i = 0; i < a.size() && wrong < 5; ++i) {
      // Comparisons and integers are not defined for NaN.
      const bool nan = std::isnan(number(a[i])) || std::isnan(number(b[i]));
      if (nan && (operation == 5 || operation >= 11)) continue;
      const std::uint32_t want = expected(a[i], b[i]);
      EXPECT_EQ(got[i], want) << name << "(" << std::hex << a[i] << ", " << b[i] << ")";
      wrong += got[i] != want ? 1 : 0;
    }
  }
}

}  // namespace
}  // namespace plumb::vulkan
