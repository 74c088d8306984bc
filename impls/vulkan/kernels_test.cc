// Every kernel through its ABI, against the oracle, under the validation layer.
#include "impls/vulkan/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>

#include "impls/testing/problems.h"
#include "impls/testing/requant_edges.h"
#include "impls/vulkan/device_under_test.h"
#include "impls/vulkan/odd_shapes.h"
#include "impls/vulkan/vulkan.h"
#include "reference/bound.h"
#include "reference/ops.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint8_t kUntouched = 0xa5;

const plumb_impl& impl_of(std::string_view op) {
  static const Builtins impls = [] {
    Builtins all;
    append_vulkan_impls(all);
    return all;
  }();
  for (const auto& impl : impls) {
    if (impl->abi()->op == op) return *impl->abi();
  }
  throw std::out_of_range(std::string(op));
}

// A plumb_call over a problem; constants have data in prepare alone, the others in run alone.
class AbiCall {
 public:
  AbiCall(const Op& op, const Problem& problem, bool is_prepare) : problem_(problem), call_{} {
    for (const Form& form : output_forms(op, problem.signature)) {
      results_.emplace_back(form.dtype, form.shape);
      std::ranges::fill(results_.back().bytes(), std::byte{kUntouched});
    }
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const Tensor& tensor = problem_.inputs[i];
      const bool has_data = tensor.present() && (op.inputs[i].role == Role::constant) == is_prepare;
      inputs_.push_back({op.inputs[i].name.c_str(), has_data ? const_cast<std::byte*>(tensor.bytes().data()) : nullptr,
                         tensor.shape().data(), static_cast<std::int32_t>(tensor.shape().size()),
                         tensor.present() ? static_cast<std::int32_t>(tensor.dtype()) : 0});
    }
    for (const Param& param : op.params) params_.push_back({param.name.c_str(), problem.signature[param.name]});
    for (std::size_t i = 0; i < results_.size(); ++i) {
      Tensor& result = results_[i];
      outputs_.push_back({op.outputs[i].name.c_str(), result.bytes().data(), result.shape().data(),
                          static_cast<std::int32_t>(result.shape().size()), static_cast<std::int32_t>(result.dtype())});
    }
    call_ = {.struct_size = sizeof call_,
             .input_count = static_cast<std::int32_t>(inputs_.size()),
             .inputs = inputs_.data(),
             .output_count = static_cast<std::int32_t>(outputs_.size()),
             .param_count = static_cast<std::int32_t>(params_.size()),
             .outputs = outputs_.data(),
             .params = params_.data(),
             .threads = 1};
  }
  AbiCall(const AbiCall&) = delete;
  AbiCall& operator=(const AbiCall&) = delete;

  const plumb_call* operator&() const { return &call_; }
  const Tensor& output(std::size_t place = 0) const { return results_[place]; }
  plumb_tensor& input(std::size_t i) { return inputs_[i]; }
  plumb_param& param(std::size_t i) { return params_[i]; }
  bool is_untouched() const {
    return std::ranges::all_of(results_, [](const Tensor& result) {
      return std::ranges::all_of(result.bytes(), [](std::byte b) { return b == std::byte{kUntouched}; });
    });
  }

 private:
  const Problem& problem_;
  std::vector<Tensor> results_;
  std::vector<plumb_tensor> inputs_, outputs_;
  std::vector<plumb_param> params_;
  plumb_call call_;
};

// What `prepare` made, released at the end.
class Prepared {
 public:
  Prepared(const plumb_impl& impl, const Op& op, const Problem& problem) : impl_(impl) {
    if (impl.prepare == nullptr) return;
    const AbiCall call(op, problem, true);
    EXPECT_EQ(impl.prepare(&impl, &call, &state_), PLUMB_OK);
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() {
    if (state_ != nullptr) impl_.release(&impl_, state_);
  }
  void* get() const { return state_; }

 private:
  const plumb_impl& impl_;
  void* state_ = nullptr;
};

Contract contract_of(const plumb_impl& impl) {
  const plumb_contract& c = impl.contract;
  return {static_cast<DType>(c.activation),
          static_cast<DType>(c.weight),
          static_cast<DType>(c.accumulator),
          c.chain_divisor,
          c.chain_extra,
          c.flushes_subnormals != 0,
          c.deterministic != 0};
}

void expect_within_bounds(const Op& op, const Problem& problem, const Tensor& got, const Contract& contract,
                          std::size_t output) {
  const Expected expected = op.evaluate(problem)[output];
  const std::vector<double> bound = bounds(op, problem.signature, contract, expected, output);
  ASSERT_EQ(static_cast<std::size_t>(got.size()), bound.size());
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool same = got.at(i) == expected.value[at] || (std::isnan(got.at(i)) && std::isnan(expected.value[at]));
    const bool open = op.arithmetic == Arithmetic::prescribed && std::isinf(bound[at]);  // anything is admissible
    if (same || open || (std::abs(got.at(i) - expected.value[at]) <= bound[at] && std::isfinite(bound[at]))) continue;
    if (wrong++ == 0) ADD_FAILURE() << i << ": got " << got.at(i) << ", want " << expected.value[at];
  }
  EXPECT_EQ(wrong, 0);
}

void expect_right(const Op& op, const Problem& problem, void* prepared) {
  const plumb_impl& impl = impl_of(op.name);
  const AbiCall call(op, problem, false);
  ASSERT_EQ(impl.run(&impl, &call, prepared), PLUMB_OK);
  for (std::size_t i = 0; i < op.outputs.size(); ++i) {
    expect_within_bounds(op, problem, call.output(i), contract_of(impl), i);
  }
}

class OddShapes : public DeviceTest, public testing::WithParamInterface<OddShape> {};

TEST_P(OddShapes, MatchTheOracle) {
  const Op& op = op_named(GetParam().op);
  const Problem problem = problem_of(op, GetParam().sizes, Data::spread);
  const Prepared prepared(impl_of(op.name), op, problem);
  expect_right(op, problem, prepared.get());
}

INSTANTIATE_TEST_SUITE_P(Vulkan, OddShapes, testing::ValuesIn(kOddShapes));

class VulkanKernels : public DeviceTest {};

TEST_F(VulkanKernels, OnePreparedServesAnyNumberOfRows) {
  const Op& op = op_named("linear_q4gsw");
  const auto with_rows = [&](std::int64_t rows) {
    return problem_of(op, {{"M", rows}, {"K", 40}, {"N", 19}, {"group", 8}, {"bias", 1}}, Data::spread);
  };
  const Prepared prepared(impl_of(op.name), op, with_rows(2));
  for (const std::int64_t rows : {1, 32, 1}) expect_right(op, with_rows(rows), prepared.get());
}

TEST_F(VulkanKernels, TheSameCallGivesTheSameBits) {
  const Op& op = op_named("linear_q4gsw");
  const plumb_impl& impl = impl_of(op.name);
  const Problem problem = problem_of(op, {{"M", 9}, {"K", 96}, {"N", 33}, {"group", 32}}, Data::spread);
  const Prepared prepared(impl, op, problem);
  const AbiCall first(op, problem, false), second(op, problem, false);
  ASSERT_EQ(impl.run(&impl, &first, prepared.get()), PLUMB_OK);
  ASSERT_EQ(impl.run(&impl, &second, prepared.get()), PLUMB_OK);
  EXPECT_TRUE(std::ranges::equal(first.output().bytes(), second.output().bytes()));
}

TEST_F(VulkanKernels, NothingToDoIsDone) {
  for (const OddShape& shape :
       {OddShape{"pack_uint4", {{"n", 0}}}, OddShape{"unpack_uint4", {{"n", 0}}},
        OddShape{"pack_plain_int32", {{"N", 3}, {"K", 0}}}, OddShape{"unpack_plain_int4", {{"N", 0}, {"K", 2}}},
        OddShape{"unpack_q4gsw", {{"N", 0}, {"row_bytes", 4}, {"columns", 7}}},
        OddShape{"group_sums", {{"N", 0}, {"K", 8}, {"group", 4}}}, OddShape{"align_width", {{"M", 0}, {"K", 8}}},
        OddShape{"transpose_scales_aligned", {{"N", 0}, {"G", 8}}}, OddShape{"repack_embedding", {{"N", 0}, {"K", 8}}},
        OddShape{"pack_uintx", {{"outer", 0}, {"n", 8}, {"inner", 1}, {"bits", 7}}},
        OddShape{"unpack_uintx", {{"outer", 1}, {"n", 0}, {"inner", 1}, {"bits", 7}}},
        OddShape{"quantize_affine", {{"M", 0}, {"K", 8}, {"group", 8}, {"quant_min", 0}, {"quant_max", 15}}},
        OddShape{"linear_q4gsw", {{"M", 0}, {"K", 8}, {"N", 8}, {"group", 8}}},
        OddShape{"embedding_q4gsw", {{"M", 0}, {"N", 2}, {"K", 8}, {"group", 8}}}}) {
    const Op& op = op_named(shape.op);
    const Problem problem = problem_of(op, shape.sizes, Data::spread);
    const Prepared prepared(impl_of(op.name), op, problem);
    expect_right(op, problem, prepared.get());
  }
}

TEST_F(VulkanKernels, Q4gswRequantRoundsAsPrescribed) {
  for (const char* name : {"q4gsw_requant", "q4gsw_requant_w_4x8"}) {
    const Op& op = op_named(name);
    expect_right(op, requant_edges(op), nullptr);
  }
}

TEST_F(VulkanKernels, BadArgumentsLeaveTheOutputUntouched) {
  const Op& op = op_named("embedding_q4gsw");
  const plumb_impl& impl = impl_of(op.name);
  const Problem problem = problem_of(op, {{"M", 3}, {"N", 4}, {"K", 16}, {"group", 8}}, Data::spread);
  const Prepared prepared(impl, op, problem);
  Problem outside = problem;
  outside.inputs[2].set(1, 4);
  const AbiCall bad_index(op, outside, false);
  EXPECT_EQ(impl.run(&impl, &bad_index, prepared.get()), PLUMB_BAD_ARGUMENT);
  EXPECT_TRUE(bad_index.is_untouched());
  AbiCall bad_group(op, problem, false);
  bad_group.param(0).value = 3;
  EXPECT_EQ(impl.run(&impl, &bad_group, prepared.get()), PLUMB_BAD_ARGUMENT);
  EXPECT_TRUE(bad_group.is_untouched());
  AbiCall bad_dtype(op, problem, true);
  bad_dtype.input(1).dtype = PLUMB_I64;
  void* state = nullptr;
  EXPECT_EQ(impl.prepare(&impl, &bad_dtype, &state), PLUMB_BAD_ARGUMENT);
  EXPECT_EQ(state, nullptr);
}

// Every code times scales at the edges of f32, bit for bit (NaN: any NaN).
TEST_F(VulkanKernels, EmbeddingIsExactAtTheEdgesOfFloat) {
  using Limits = std::numeric_limits<float>;
  std::vector<float> scales{0.0F,
                            -0.0F,
                            Limits::denorm_min(),
                            -3 * Limits::denorm_min(),
                            0x1.fffffcp-127F,
                            0x1p-127F,
                            Limits::min(),
                            Limits::max(),
                            -Limits::max() / 4,
                            Limits::max() / 8,
                            0x1.fffffep125F,
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN()};
  for (std::uint64_t i = 0; i < 1010; ++i) scales.push_back(std::bit_cast<float>(static_cast<int>(bits_at(9, i))));
  const auto rows = static_cast<std::int64_t>(scales.size());
  const Op& op = op_named("embedding_q4gsw");
  Problem problem = problem_of(op, {{"M", rows}, {"N", rows}, {"K", 16}, {"group", 16}, {"linear", 1}}, Data::spread);
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t k = 0; k < 8; ++k)
      problem.inputs[0].set(n * 8 + k, static_cast<double>(2 * k + (2 * k + 1) * 16));
    std::memcpy(problem.inputs[1].bytes().data() + n * 4, &scales[static_cast<std::size_t>(n)], 4);
    problem.inputs[2].set(n, static_cast<double>(n));
  }
  const plumb_impl& impl = impl_of(op.name);
  const Prepared prepared(impl, op, problem);
  const AbiCall call(op, problem, false);
  ASSERT_EQ(impl.run(&impl, &call, prepared.get()), PLUMB_OK);
  for (std::int64_t i = 0; i < call.output().size(); ++i) {
    std::uint32_t got = 0;
    std::memcpy(&got, call.output().bytes().data() + 4 * i, 4);
    const float want = static_cast<float>(static_cast<int>(i % 16) - 8) * scales[static_cast<std::size_t>(i / 16)];
    const bool same =
        std::isnan(want) ? std::isnan(std::bit_cast<float>(got)) : got == std::bit_cast<std::uint32_t>(want);
    ASSERT_TRUE(same) << "code " << i % 16 - 8 << ", scale " << scales[static_cast<std::size_t>(i / 16)] << ": got "
                      << std::bit_cast<float>(got) << ", want " << want;
  }
}

// The contract says that subnormals may be flushed: results made of them are within its bound.
TEST_F(VulkanKernels, SubnormalsAreWithinTheContract) {
  const Op& op = op_named("linear_q4gsw");
  Problem problem = problem_of(op, {{"M", 2}, {"K", 8}, {"N", 8}, {"group", 8}}, Data::spread);
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) problem.inputs[0].set(i, 1);
  for (std::int64_t i = 0; i < problem.inputs[2].size(); ++i) problem.inputs[2].set(i, 0x1p-140);
  const Prepared prepared(impl_of(op.name), op, problem);
  expect_right(op, problem, prepared.get());
}

}  // namespace
}  // namespace plumb::vulkan
