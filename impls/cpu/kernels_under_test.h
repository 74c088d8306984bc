// For tests only: a CPU kernel on every target that runs here, through its ABI, against the oracle.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "impls/cpu/byte_products.h"
#include "impls/cpu/kernels.h"
#include "impls/testing/abi_call.h"
#include "impls/testing/problems.h"
#include "reference/bound.h"
#include "reference/ops.h"

namespace plumb::cpu {

inline std::int64_t code_of(DType dtype) { return static_cast<std::int64_t>(dtype); }

// A kernel on one target, prepared with the constants of one problem.
class Subject {
 public:
  Subject(const Target& target, MakeKernel make) : builtin_("cpu." + target.name, "", make(target)) {}
  explicit Subject(Kernel kernel) : builtin_("cpu", "", std::move(kernel)) {}
  ~Subject() { release(); }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] const Op& op() const { return op_named(builtin_.abi()->op); }

  void prepare(const Problem& problem, std::size_t misalignment = 0) {
    release();
    if (builtin_.abi()->prepare == nullptr) return;
    const AbiCall call(op(), problem, Stage::prepare, misalignment);
    EXPECT_EQ(builtin_.abi()->prepare(builtin_.abi(), &call.call, &prepared_), PLUMB_OK) << builtin_.abi()->name;
  }
  [[nodiscard]] Tensor run(const Problem& problem, int threads = 1, std::size_t misalignment = 0) const {
    return run_all(problem, threads, misalignment).front();
  }
  [[nodiscard]] std::vector<Tensor> run_all(const Problem& problem, int threads = 1,
                                            std::size_t misalignment = 0) const {
    AbiCall call(op(), problem, Stage::run, misalignment);
    call.call.threads = threads;
    EXPECT_EQ(builtin_.abi()->run(builtin_.abi(), &call.call, prepared_), PLUMB_OK) << builtin_.abi()->name;
    EXPECT_TRUE(call.end_is_untouched()) << builtin_.abi()->name;
    std::vector<Tensor> results;
    for (std::size_t i = 0; i < op().outputs.size(); ++i) results.push_back(call.result(i));
    return results;
  }
  [[nodiscard]] Contract contract() const {
    const plumb_contract& c = builtin_.abi()->contract;
    return {static_cast<DType>(c.activation),
            static_cast<DType>(c.weight),
            static_cast<DType>(c.accumulator),
            c.chain_divisor,
            c.chain_extra,
            c.flushes_subnormals != 0,
            c.deterministic != 0};
  }

 private:
  void release() {
    if (prepared_ != nullptr) builtin_.abi()->release(builtin_.abi(), prepared_);
    prepared_ = nullptr;
  }

  Builtin builtin_;
  void* prepared_ = nullptr;
};

// Whether a target that runs here multiplies bytes that way, and why a test of it is skipped where none does.
inline bool runs_here(ByteProducts products) {
  return std::ranges::any_of(compiled_targets(), [&](const Target& target) {
    return target.unavailable.empty() && has_byte_products(target, products);
  });
}
inline constexpr const char* kNoInstruction = "no dot-product instruction for bytes (AVX512-VNNI, AVX-VNNI) here";
inline constexpr const char* kNoTiles = "no AMX tiles here";
inline constexpr const char* kOneWay = "no target here has more than one way of multiplying bytes";

inline void for_each_target(MakeKernel make, const std::function<void(Subject&)>& body) {
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    SCOPED_TRACE("cpu." + target.name);
    Subject subject(target, make);
    body(subject);
  }
}

inline std::vector<std::byte> bits_of(const Tensor& tensor) { return {tensor.bytes().begin(), tensor.bytes().end()}; }

inline std::vector<std::byte> bits_of(const std::vector<Tensor>& tensors) {
  std::vector<std::byte> bits;
  for (const Tensor& tensor : tensors) bits.insert(bits.end(), tensor.bytes().begin(), tensor.bytes().end());
  return bits;
}

inline void expect_right(const Subject& subject, const Problem& problem, const Tensor& got, Data data,
                         std::size_t output, const Expected& expected) {
  std::vector<double> bound = bounds(subject.op(), problem.signature, subject.contract(), expected, output);
  const bool prescribed = subject.op().arithmetic == Arithmetic::prescribed;
  if (data == Data::exact && !prescribed) std::ranges::fill(bound, 0);
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (prescribed && std::isinf(bound[at])) continue;  // anything is admissible
    const bool same_special =
        got.at(i) == expected.value[at] || (std::isnan(got.at(i)) && std::isnan(expected.value[at]));
    ASSERT_TRUE(same_special || std::abs(got.at(i) - expected.value[at]) <= bound[at])
        << "element " << i << ": got " << got.at(i) << ", want " << expected.value[at] << ", bound " << bound[at];
  }
}

inline void expect_right(const Subject& subject, const Problem& problem, const Tensor& got, Data data) {
  expect_right(subject, problem, got, data, 0, subject.op().evaluate(problem)[0]);
}

inline void expect_right(MakeKernel make, const std::vector<Sizes>& cases) {
  for (const Sizes& sizes : cases) {
    std::map<Data, Answer> answers;  // the same for all targets
    for_each_target(make, [&](Subject& subject) {
      for (const Data data : {Data::exact, Data::spread}) {
        const Problem problem = problem_of(subject.op(), sizes, data);
        if (!answers.contains(data)) answers.emplace(data, subject.op().evaluate(problem));
        subject.prepare(problem);
        const std::vector<Tensor> got = subject.run_all(problem);
        for (std::size_t i = 0; i < got.size(); ++i) {
          expect_right(subject, problem, got[i], data, i, answers.at(data)[i]);
        }
        for (const int threads : {2, 3, 7, 64}) EXPECT_EQ(bits_of(subject.run_all(problem, threads)), bits_of(got));
        subject.prepare(problem, 1);
        EXPECT_EQ(bits_of(subject.run_all(problem, 3, 1)), bits_of(got));
      }
    });
  }
}

}  // namespace plumb::cpu
