// Linear layers with integer codes, quantised activations and results, and what trains and measures them, on every
// target that runs here, through their ABI, against the oracle.
#include "impls/cpu/kernels_under_test.h"

namespace plumb::cpu {
namespace {

constexpr auto kF16 = DType::f16, kBf16 = DType::bf16;

// Tails of vectors and blocks, groups that are no whole vectors, more rows than are worked on one by one.
std::vector<Sizes> layers(Sizes options = {}) {
  std::vector<Sizes> cases = {{{"M", 1}, {"K", 1}, {"N", 1}, {"group", 1}},
                              {{"M", 3}, {"K", 66}, {"N", 9}, {"group", 33}, {"bias", 1}, {"zero_point", 1}},
                              {{"M", 6}, {"K", 96}, {"N", 17}, {"group", 32}, {"lead", 2}, {"zero_point", 1}},
                              {{"M", 33}, {"K", 80}, {"N", 40}, {"group", 80}, {"bias", 1}}};
  for (Sizes& sizes : cases) sizes.insert(options.begin(), options.end());
  return cases;
}

// Their operators leave open what any float kernel may do. These kernels do less: they keep to their own contract, and
// round where others cut off.
void expect_within_contract(MakeKernel make, const std::vector<Sizes>& cases) {
  for_each_target(make, [&](Subject& subject) {
    for (const Sizes& sizes : cases) {
      const Problem problem = problem_of(subject.op(), sizes, Data::spread);
      subject.prepare(problem);
      const Tensor got = subject.run(problem, 3);
      Expected expected = subject.op().evaluate(problem)[0];
      if (subject.op().name == "dyn_quant_matmul_4bit") expected.rounded_before.clear();
      const auto bound = bounds(op_named("linear_intx"), problem.signature, subject.contract(), expected);
      // Sums that are scaled last may overflow f16.
      EXPECT_GT(std::ranges::count_if(bound, [](double b) { return std::isfinite(b); }), got.size() / 2);
      for (std::int64_t i = 0; i < got.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        ASSERT_LE(std::abs(got.at(i) - expected.value[at]), bound[at]) << subject.op().name << " element " << i;
      }
    }
  });
}

TEST(CpuKernels, LinearIntx) {
  expect_right(linear_intx, layers());
  // So few columns that sums of any codes are exact in eleven bits.
  expect_right(linear_intx,
               {{{"M", 3}, {"K", 8}, {"N", 9}, {"group", 4}, {"x", code_of(kF16)}, {"scale", code_of(kBf16)}}});
  expect_right(linear_intx, {{{"M", 3}, {"K", 66}, {"N", 9}, {"group", 66}, {"scaling", 1}, {"bias", 1}}});
}

TEST(CpuKernels, LinearDynamicIntx) {
  for (const DType type : {DType::f32, kF16, kBf16}) {
    expect_right(linear_dynamic_intx, layers({{"x", code_of(type)}}));
    expect_right(
        linear_dynamic_intx,
        {{{"M", 5}, {"K", 67}, {"N", 9}, {"group", 67}, {"activation", 1}, {"bias", 1}, {"x", code_of(type)}}});
    expect_within_contract(
        linear_dynamic_intx,
        {{{"M", 3}, {"K", 66}, {"N", 9}, {"group", 33}, {"bias", 1}, {"x", code_of(type)}},
         {{"M", 5}, {"K", 96}, {"N", 17}, {"group", 32}, {"zero_point", 1}, {"bias", 1}, {"x", code_of(type)}},
         {{"M", 1}, {"K", 2048}, {"N", 40}, {"group", 256}, {"x", code_of(type)}},
         {{"M", 33}, {"K", 67}, {"N", 9}, {"group", 67}, {"activation", 1}, {"bias", 1}, {"x", code_of(type)}}});
  }
}

TEST(CpuKernels, DynQuantMatmul4bit) {
  expect_right(dyn_quant_matmul_4bit,
               {{{"M", 1}, {"K", 2}, {"N", 1}, {"group", 2}},
                {{"M", 3}, {"K", 34}, {"N", 9}, {"group", 34}, {"bias", 1}, {"x", code_of(kBf16)}},
                {{"M", 6}, {"K", 2112}, {"N", 17}, {"group", 32}, {"lead", 2}, {"bias", 1}}});
  expect_within_contract(dyn_quant_matmul_4bit,
                         {{{"M", 3}, {"K", 34}, {"N", 9}, {"group", 34}, {"bias", 1}, {"x", code_of(kBf16)}},
                          {{"M", 1}, {"K", 2112}, {"N", 40}, {"group", 32}, {"bias", 1}},
                          {{"M", 33}, {"K", 2112}, {"N", 17}, {"group", 2112}}});
}

TEST(CpuKernels, Q8taLinear) {
  expect_right(q8ta_linear, {{{"M", 1}, {"K", 1}, {"N", 1}},
                             {{"M", 3}, {"K", 67}, {"N", 9}, {"bias", 1}, {"activation", 1}},
                             {{"M", 6}, {"K", 96}, {"N", 33}, {"lead", 2}}});
}

TEST(CpuKernels, Q8taConv2d) {
  const Sizes image = {{"B", 2}, {"C", 3}, {"H", 5}, {"W", 4}, {"N", 9}};
  Sizes pointwise = image, wide = image;
  pointwise.insert({{"K", 3}, {"stride", 2}});
  wide.insert({{"K", 27}, {"kernel_h", 3}, {"kernel_w", 3}, {"padding", 1}, {"activation", 1}, {"bias", 1}});
  expect_right(q8ta_conv2d, {pointwise, wide});
}

TEST(CpuKernels, Q8taElementByElement) {
  expect_right(q8ta_relu, {{{"M", 1}, {"K", 1}}, {{"M", 6}, {"K", 515}, {"lead", 2}}});
  expect_right(q8ta_add, {{{"M", 1}, {"K", 1}}, {{"M", 3}, {"K", 515}}});
  expect_right(q8ta_pixel_shuffle, {{{"B", 2}, {"C", 18}, {"H", 5}, {"W", 7}, {"upscale", 3}}});
}

TEST(CpuKernels, LinearWeightGradient) {
  expect_right(linear_weight_gradient, {{{"M", 1}, {"K", 1}, {"N", 1}},
                                        {{"M", 6}, {"K", 33}, {"N", 7}, {"lead", 2}},
                                        {{"M", 17}, {"K", 65}, {"N", 9}, {"x", code_of(kF16)}}});
}

TEST(CpuKernels, AdamwStep) {
  expect_right(adamw_step, {{{"M", 1}, {"K", 1}}, {{"M", 6}, {"K", 33}, {"lead", 2}}, {{"M", 7}, {"K", 1203}}});
}

TEST(CpuKernels, ComputeError) {
  for (const DType type : {DType::f32, kF16, kBf16, DType::f64}) {
    expect_right(compute_error, {{{"M", 1}, {"K", 1}, {"x", code_of(type)}},
                                 {{"M", 6}, {"K", 33}, {"lead", 2}, {"x", code_of(type)}},
                                 {{"M", 37}, {"K", 1203}, {"x", code_of(type)}}});
  }
}

}  // namespace
}  // namespace plumb::cpu
