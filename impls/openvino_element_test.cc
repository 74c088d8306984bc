// Every conversion of a low-bit element type by every implementation, on every code and on every f16 number.
#include "impls/openvino_element.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "impls/impls.h"
#include "impls/testing/abi_call.h"
#include "reference/ops.h"
#include "reference/quant/openvino_element.h"

namespace plumb {
namespace {

std::int64_t number(DType dtype) { return static_cast<std::int64_t>(dtype); }

std::int64_t index_of(const ElementType& type) { return &type - all_element_types().data(); }

bool is_packed_to(const ElementType& type) { return &type != &all_element_types().back(); }

// Runs every implementation of the operator that this machine can run, and compares with the oracle.
void expect_right(const Op& op, const Problem& problem) {
  const std::vector<double> want = op.evaluate(problem)[0].value;
  for (const auto& builtin : builtin_impls()) {
    const plumb_impl& impl = *builtin->abi();
    if (op.name != impl.op || impl.unavailable != nullptr) continue;
    const AbiCall call(op, problem, Stage::run, 1);
    ASSERT_EQ(impl.run(&impl, &call.call, nullptr), PLUMB_OK) << impl.name;
    EXPECT_TRUE(call.end_is_untouched()) << impl.name;
    const Tensor got = call.result();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double value = got.at(static_cast<std::int64_t>(i));
      const bool both_nan = std::isnan(value) && std::isnan(want[i]);
      if (both_nan || (value == want[i] && std::signbit(value) == std::signbit(want[i]))) continue;
      if (wrong++ == 0) ADD_FAILURE() << impl.name << " [" << i << "]: got " << value << ", want " << want[i];
    }
    EXPECT_EQ(wrong, 0U) << impl.name;
  }
}

void expect_unpacked_right(const ElementType& type, DType out, std::int64_t count) {
  const Op& op = op_named("ov_unpack");
  const Sizes sizes = {{"count", count}, {"type", index_of(type)}, {"out", number(out)}};
  if (!is_legal(op, sizes)) return;
  const Signature signature = make_signature(op, sizes);
  Tensor packed(DType::u8, shape_of(op.inputs[0], signature));
  for (std::size_t i = 0; i < packed.codes().size(); ++i) {
    packed.codes()[i] = static_cast<std::uint8_t>(i < 256 ? i : i * 0x9e3779b97f4a7c15U >> 56);
  }
  SCOPED_TRACE(type.name);
  expect_right(op, {signature, {packed}});
}

void expect_packed_right(const ElementType& type, const Tensor& values) {
  const Op& op = op_named("ov_pack");
  const Sizes sizes = {{"n", values.size()}, {"type", index_of(type)}, {"from", number(values.dtype())}};
  if (!is_legal(op, sizes)) return;
  SCOPED_TRACE(type.name);
  expect_right(op, {make_signature(op, sizes), {values}});
}

template <typename Bits>
Tensor tensor_of_bits(DType dtype, const std::vector<Bits>& bits) {
  Tensor tensor(dtype, {static_cast<std::int64_t>(bits.size())});
  std::ranges::copy(std::as_bytes(std::span(bits)), tensor.bytes().begin());
  return tensor;
}

TEST(OpenvinoElement, IsNumberedAsTheOperatorsParameter) {
  EXPECT_EQ(index_of(all_element_types().back()), static_cast<std::int64_t>(Element::u1));
  for (const ElementType& type : all_element_types()) {
    const auto element = static_cast<Element>(index_of(type));
    EXPECT_EQ(element_bits(element), 8 * type.unit_bytes / type.unit_elements) << type.name;
    for (std::int64_t count = 0; count < 20; ++count) {
      const std::int64_t units = (count + type.unit_elements - 1) / type.unit_elements;
      EXPECT_EQ(element_bytes(element, count), units * type.unit_bytes) << type.name << " " << count;
    }
  }
}

// 4099 elements hold every byte in a type of two bits or more, 2048 in one of one bit; and more than one block.
TEST(OpenvinoElement, EveryByteIsUnpackedRight) {
  for (const ElementType& type : all_element_types()) {
    for (const DType out : {DType::f32, DType::f16, DType::i32, DType::i8, DType::u8}) {
      for (const std::int64_t count : {0, 1, 2, 7, 13, 65, 4099}) expect_unpacked_right(type, out, count);
    }
  }
}

TEST(OpenvinoElement, EveryF16NumberIsPackedRight) {
  std::vector<std::uint16_t> bits;
  for (std::uint32_t i = 0; i < 1U << 16; ++i) bits.push_back(static_cast<std::uint16_t>(i));
  for (const ElementType& type : all_element_types()) {
    if (is_packed_to(type)) expect_packed_right(type, tensor_of_bits(DType::f16, bits));
  }
}

// Of every exponent and sign, fractions around halves and quarters of each last place.
TEST(OpenvinoElement, TiesOfF32AndTheirNeighboursArePackedRight) {
  std::vector<std::uint32_t> bits;
  for (std::uint32_t top = 0; top < 1U << 14; ++top) {  // sign, exponent and five bits of fraction
    for (const std::uint32_t rest : {0U, 1U, 0x3ffU, 0x20000U, 0x3ffffU}) bits.push_back(top << 18 | rest);
  }
  for (const float threshold : kNf4Thresholds) {
    const auto middle = std::bit_cast<std::uint32_t>(threshold);
    for (const std::uint32_t near : {middle - 1, middle, middle + 1}) bits.push_back(near);
  }
  for (const ElementType& type : all_element_types()) {
    if (is_packed_to(type)) expect_packed_right(type, tensor_of_bits(DType::f32, bits));
  }
}

TEST(OpenvinoElement, IntegersArePackedRight) {
  std::vector<std::int32_t> words;
  for (std::int32_t i = -300; i < 300; ++i) words.push_back(i < 0 ? i * 7158278 : i);
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 261; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  for (const ElementType& type : all_element_types()) {
    if (!is_packed_to(type)) continue;
    expect_packed_right(type, tensor_of_bits(DType::i32, words));
    expect_packed_right(type, tensor_of_bits(DType::i8, bytes));
    expect_packed_right(type, tensor_of_bits(DType::u8, bytes));
    for (const std::size_t count : {0, 1, 3, 5, 9}) {
      expect_packed_right(type,
                          tensor_of_bits(DType::u8, std::vector(bytes.end() - static_cast<long>(count), bytes.end())));
    }
  }
}

}  // namespace
}  // namespace plumb
