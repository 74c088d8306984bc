#include "runners/shrink.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

using namespace std::chrono_literals;

std::string smallest(const char* name, const std::function<bool(const Case&)>& fails) {
  return to_string(smallest_failing(parse_case(name), fails, 10s));
}

TEST(Shrink, FindsTheSmallestSizesAndTheDefaults) {
  const auto fails = [](const Case& test_case) { return test_case.signature["N"] >= 3; };
  EXPECT_EQ(smallest("linear_q4gsw[M=17,K=256,N=40,group=64,x=f16,bias,lead=2]/spread#7", fails),
            "linear_q4gsw[M=1,K=1,N=3,group=1]/spread#7");
}

TEST(Shrink, KeepsWhatTheFailureDependsOn) {
  const auto fails = [](const Case& test_case) {
    return test_case.signature["bias"] != 0 && test_case.signature["K"] > test_case.signature["group"];
  };
  EXPECT_EQ(smallest("linear_q4gsw[M=17,K=256,N=40,group=64,bias]/exact#7", fails),
            "linear_q4gsw[M=1,K=2,N=1,group=1,bias]/exact#7");
}

TEST(Shrink, LeavesACaseThatCannotBeSmaller) {
  const auto fails = [](const Case& test_case) { return test_case.signature["M"] == 17; };
  EXPECT_EQ(smallest("linear_q4gsw[M=17,K=1,N=1,group=1]/exact#7", fails),
            "linear_q4gsw[M=17,K=1,N=1,group=1]/exact#7");
}

TEST(Shrink, EndsWhenTimeDoes) {
  const Case failing = parse_case("linear_q4gsw[M=17,K=256,N=40,group=64]/exact#7");
  EXPECT_EQ(to_string(smallest_failing(
                failing, [](const Case&) { return true; }, 0ms)),
            to_string(failing));
}

}  // namespace
}  // namespace plumb
