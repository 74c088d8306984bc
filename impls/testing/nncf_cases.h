// Problems for NNCF's operators, around vector, word and block boundaries.
#pragma once

#include <functional>
#include <vector>

#include "impls/testing/prescribed.h"
#include "reference/ops.h"

namespace plumb {

[[nodiscard]] inline std::vector<Sizes> legal_products(const Op& op, const std::vector<Sizes>& shapes,
                                                       const std::vector<Sizes>& params) {
  std::vector<Sizes> cases;
  for (const Sizes& shape : shapes) {
    for (Sizes sizes : params) {
      sizes.insert(shape.begin(), shape.end());
      Sizes complete = sizes;
      for (const Param& param : op.params) {
        if (param.default_value) complete.try_emplace(param.name, *param.default_value);
      }
      if (is_legal(op, complete)) cases.push_back(std::move(sizes));
    }
  }
  return cases;
}

[[nodiscard]] inline std::int64_t number_of(DType dtype) { return static_cast<std::int64_t>(dtype); }

[[nodiscard]] inline std::vector<Sizes> nncf_compress_cases() {
  std::vector<Sizes> params;
  for (const std::int64_t bits : {2, 4, 8}) {
    for (const std::int64_t asym : {0, 1}) {
      for (const DType codes : {DType::i8, DType::u8, DType::i32, DType::f32}) {
        const DType scale = codes == DType::i8 ? DType::f32 : codes == DType::i32 ? DType::bf16 : DType::f16;
        params.push_back({{"bits", bits}, {"asym", asym}, {"codes", number_of(codes)}, {"scale", number_of(scale)}});
      }
    }
  }
  return legal_products(op_named("nncf_compress_constants"),
                        {{{"R", 0}, {"columns", 8}},
                         {{"R", 4}, {"columns", 1}},
                         {{"R", 2}, {"columns", 4}},
                         {{"R", 12}, {"columns", 7}, {"lead", 2}},
                         {{"R", 36}, {"columns", 129}},
                         {{"R", 1}, {"columns", 3}},
                         {{"R", 68}, {"columns", 66}}},
                        params);
}

[[nodiscard]] inline std::vector<Sizes> nncf_decompress_cases() {
  std::vector<Sizes> params;
  for (const std::int64_t bits : {2, 4, 8}) {
    for (const std::int64_t asym : {0, 1}) {
      for (const DType out : {DType::f16, DType::f32, DType::bf16}) {
        params.push_back({{"bits", bits}, {"asym", asym}, {"out", number_of(out)}});
      }
    }
  }
  return legal_products(op_named("nncf_decompress"),
                        {{{"R", 0}, {"columns", 8}},
                         {{"R", 4}, {"columns", 1}},
                         {{"R", 2}, {"columns", 4}},
                         {{"R", 12}, {"columns", 7}, {"lead", 2}},
                         {{"R", 36}, {"columns", 129}},
                         {{"R", 1}, {"columns", 3}},
                         {{"R", 68}, {"columns", 66}},
                         {{"R", 4}, {"columns", 2050}}},
                        params);
}

[[nodiscard]] inline std::vector<Sizes> nncf_quantize_cases() {
  std::vector<Sizes> params;
  for (const std::int64_t bits : {2, 3, 4, 8}) {
    for (const DType code : {DType::i8, DType::u8}) {
      for (const DType weight : {DType::f32, DType::f16, DType::bf16}) {
        const DType scale = bits == 4 ? DType::f16 : DType::f32;
        params.push_back(
            {{"bits", bits}, {"code", number_of(code)}, {"weight", number_of(weight)}, {"scale", number_of(scale)}});
      }
    }
  }
  return legal_products(op_named("nncf_quantize"),
                        {{{"N", 1}, {"K", 1}, {"inner", 1}, {"group", 1}},
                         {{"N", 3}, {"K", 9}, {"inner", 1}, {"group", 3}},
                         {{"N", 2}, {"K", 64}, {"inner", 1}, {"group", 32}},
                         {{"N", 5}, {"K", 42}, {"inner", 1}, {"group", 21}},
                         {{"N", 1}, {"K", 6}, {"inner", 19}, {"group", 2}},
                         {{"N", 2}, {"K", 5}, {"inner", 33}, {"group", 5}}},
                        params);
}

/// Weights that are not finite, each in a group of its own among ordinary ones.
[[nodiscard]] inline Problem nncf_not_finite(DType code) {
  Problem problem = quantiser_problem(op_named("nncf_quantize"),
                                      {{"N", 8}, {"K", 40}, {"inner", 1}, {"group", 20}, {"code", number_of(code)}});
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) problem.inputs[0].set(i, static_cast<double>(i % 7) - 3);
  problem.inputs[0].set(3, INFINITY);
  problem.inputs[0].set(39, -INFINITY);
  problem.inputs[0].set(45, NAN);
  problem.inputs[0].set(79, NAN);
  return problem;
}

/// Codes with fractions, which are cut off.
[[nodiscard]] inline Problem nncf_fractions() {
  const Op& op = op_named("nncf_compress_constants");
  Problem problem = quantiser_problem(op, {{"R", 40}, {"columns", 5}, {"bits", 8}, {"codes", number_of(DType::f32)}});
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
    problem.inputs[0].set(i, std::clamp(problem.inputs[0].at(i) * 0.9921875 + 0.25, -128.0, 127.0));
  }
  return problem;
}

/// A code that does not fit.
[[nodiscard]] inline Problem nncf_code_out_of_range() {
  Problem problem = quantiser_problem(op_named("nncf_compress_constants"),
                                      {{"R", 4}, {"columns", 6}, {"codes", number_of(DType::i32)}});
  problem.inputs[0].set(23, 8);
  return problem;
}

/// A problem, named by its sizes.
inline void for_each_problem(const Op& op, const std::vector<Sizes>& cases,
                             const std::function<void(const Problem&)>& body) {
  EXPECT_FALSE(cases.empty());
  for (const Sizes& sizes : cases) {
    std::string name = op.name;
    for (const auto& [key, value] : sizes) name += " " + key + "=" + std::to_string(value);
    SCOPED_TRACE(name);
    body(quantiser_problem(op, sizes));
  }
}

}  // namespace plumb
