#include "runners/black_box.h"

#include <gtest/gtest.h>

#include <csignal>

namespace plumb {
namespace {

Crash touched(Touch touch, std::int64_t offset, Access access = Access::all) {
  Crash crash;
  crash.signal = SIGSEGV;
  crash.touch = touch;
  crash.address = 0x7f0000001000;
  crash.near_block = true;
  crash.block = {'s', 'c', 'a', 'l', 'e', 's'};
  crash.offset = offset;
  crash.size_bytes = 64;
  crash.access = access;
  return crash;
}

TEST(BlackBox, SaysWhereMemoryWasTouched) {
  EXPECT_EQ(describe(touched(Touch::read, 64)), "it read 1 byte past the end of scales");
  EXPECT_EQ(describe(touched(Touch::read, 67)), "it read 4 bytes past the end of scales");
  EXPECT_EQ(describe(touched(Touch::write, -1)), "it wrote 1 byte before the start of scales");
  EXPECT_EQ(describe(touched(Touch::unknown, -16)), "it touched 16 bytes before the start of scales");
  EXPECT_EQ(describe(touched(Touch::write, 3, Access::read_only)), "it wrote to scales, an input, at byte 3 of 64");
  EXPECT_EQ(describe(touched(Touch::read, 0, Access::none)),
            "it read scales, which was only lent to prepare, at byte 0 of 64");
}

TEST(BlackBox, SaysWhatElseHappened) {
  Crash crash = touched(Touch::read, 0);
  crash.near_block = false;
  EXPECT_EQ(describe(crash), "it read at address 0x7f0000001000, next to none of the tensors it was given");
  crash.address = 8;
  EXPECT_EQ(describe(crash), "it read at address 0x8, next to a null pointer");
  crash.stack_overflow = true;
  EXPECT_EQ(describe(crash), "it overflowed its stack");
  crash.unsaid = true;
  EXPECT_EQ(describe(crash),
            "it used an address that a vector has to be aligned at and is not, or that no memory can have, or ran an "
            "instruction that only the system may");
  crash.sent = true;
  EXPECT_EQ(describe(crash), "");
  crash = touched(Touch::read, 0);
  crash.signal = SIGFPE;
  EXPECT_EQ(describe(crash), "");
  EXPECT_EQ(describe(Crash{}), "");
}

TEST(BlackBox, IsEmptyAtFirst) {
  const BlackBox box;
  EXPECT_EQ(box.activity(), "");
  EXPECT_EQ(box.crash().signal, 0);
  EXPECT_FALSE(box.is_judging());
  // Without a black box of this process nobody listens.
  const Activity activity("run");
  EXPECT_EQ(box.activity(), "");
}

}  // namespace
}  // namespace plumb
