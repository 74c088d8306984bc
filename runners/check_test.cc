// Verdicts on implementations that keep or break the rules of the ABI.
#include "runners/check.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "reference/error.h"
#include "reference/ops.h"

namespace plumb {
namespace {

plumb_status pack(const plumb_impl*, const plumb_call* call, void*) {
  const auto* codes = static_cast<const std::uint8_t*>(call->inputs[0].data);
  auto* packed = static_cast<std::uint8_t*>(call->outputs[0].data);
  for (std::int64_t i = 0; i < call->outputs[0].shape[0]; ++i) {
    packed[i] = static_cast<std::uint8_t>((codes[2 * i] & 15) | codes[2 * i + 1] << 4);
  }
  return PLUMB_OK;
}

// Without a contract: where every bit is prescribed there is nothing to promise.
plumb_impl impl_of(decltype(plumb_impl::run) run) {
  plumb_impl impl{};
  impl.struct_size = sizeof impl;
  impl.op = "pack_uint4";
  impl.name = "test";
  impl.run = run;
  return impl;
}

Record judge_case(const plumb_impl& impl, const char* name = "pack_uint4[n=34]/exact#3") {
  return judge_subject({&impl, ""}, ask(parse_case(name)));
}

TEST(Check, PassesWhatIsRight) {
  const Record record = judge_case(impl_of(pack));
  EXPECT_EQ(record.outcome, Outcome::pass) << record.reason;
  EXPECT_EQ(record.elements, 17);
}

TEST(Check, AnEmptyOutputProvesNothing) {
  const Record record = judge_case(impl_of(pack), "pack_uint4[n=0]/exact#3");
  EXPECT_EQ(record.outcome, Outcome::vacuous);
  EXPECT_EQ(record.reason, "the output has no elements");
}

TEST(Check, AnExceptionAcrossTheAbiIsTheImplementationsFault) {
  const plumb_impl impl =
      impl_of([](const plumb_impl*, const plumb_call*, void*) -> plumb_status { throw std::logic_error("oops"); });
  try {
    (void)judge_case(impl);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "run let an exception across the C ABI: oops");
  }
}

TEST(Check, OnlyUnsupportedIsASkip) {
  plumb_impl impl = impl_of(pack);
  impl.supports = [](const plumb_impl*, const plumb_call*, const char** reason) {
    *reason = "n is odd";
    return PLUMB_UNSUPPORTED;
  };
  EXPECT_EQ(judge_case(impl).outcome, Outcome::skip);
  EXPECT_EQ(judge_case(impl).reason, "n is odd");
  impl.supports = [](const plumb_impl*, const plumb_call*, const char**) { return PLUMB_INTERNAL_ERROR; };
  EXPECT_EQ(judge_case(impl).outcome, Outcome::fail);
  EXPECT_EQ(judge_case(impl).reason, "supports returned 'internal error' for a legal call");
}

TEST(Check, AWrongElementIsNamed) {
  const plumb_impl impl = impl_of([](const plumb_impl* self, const plumb_call* call, void* prepared) {
    (void)pack(self, call, prepared);
    static_cast<std::uint8_t*>(call->outputs[0].data)[5] ^= 0x10;
    return PLUMB_OK;
  });
  const Record record = judge_case(impl);
  EXPECT_EQ(record.outcome, Outcome::fail);
  EXPECT_EQ(record.wrong, 1);
  ASSERT_TRUE(record.worst);
  EXPECT_EQ(record.worst->index, (std::vector<std::int64_t>{5, 0}));
}

TEST(Check, ARefusalMustRefuseAndTouchNothing) {
  const Op& op = op_named("pack_uint4");
  const Problem odd{{{{"lead", 1}}, {}}, {Tensor(DType::u8, {3})}};
  plumb_impl impl = impl_of([](const plumb_impl*, const plumb_call*, void*) { return PLUMB_BAD_ARGUMENT; });
  EXPECT_EQ(judge_refusal({&impl, ""}, op, odd).outcome, Outcome::pass);
  impl.run = [](const plumb_impl*, const plumb_call*, void*) { return PLUMB_OK; };
  EXPECT_EQ(judge_refusal({&impl, ""}, op, odd).outcome, Outcome::fail);
  impl.run = [](const plumb_impl*, const plumb_call* call, void*) {
    *static_cast<std::uint8_t*>(call->outputs[0].data) = 0;
    return PLUMB_BAD_ARGUMENT;
  };
  EXPECT_EQ(judge_refusal({&impl, ""}, op, odd).reason, "wrote to the output of a call that it should refuse");
}

TEST(RepeatCommand, IsSafeInAShell) {
  const plumb_impl impl = impl_of(pack);
  EXPECT_EQ(repeat_command({&impl, "it's.so"}, "a[b]/c#1"), "plumb check 'it'\\''s.so' 'a[b]/c#1' --impl test");
}

}  // namespace
}  // namespace plumb
