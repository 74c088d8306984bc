#include "runners/case.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb {
namespace {

std::string error_of(const std::string& name) {
  try {
    (void)parse_case(name);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CaseName, IsWhatTheArchitectureShows) {
  const std::string name = "linear_q4gsw[M=3,K=256,N=40,group=64,x=f16,bias]/spread#7";
  EXPECT_EQ(to_string(parse_case(name)), name);
}

TEST(CaseName, LeavesDefaultsOutAndTakesAnyOrder) {
  EXPECT_EQ(to_string(parse_case("linear_q4gsw[x=f32,group=8,N=2,bias=0,K=16,M=1,lead=1]/exact#18446744073709551615")),
            "linear_q4gsw[M=1,K=16,N=2,group=8]/exact#18446744073709551615");
}

TEST(CaseName, SaysWhatIsWrong) {
  EXPECT_NE(error_of("linear_q4gsw").find("expected OP[SIZES]/MODE#SEED"), std::string::npos);
  EXPECT_NE(error_of("linear_q4gs[M=1]/exact#1").find("nearest: linear_q4gsw"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n=4]/exakt#1").find("nearest: exact"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n=4]/spread#1").find("does not apply"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n=3]/exact#1").find("n % 2 == 0"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n=4,n=6]/exact#1").find("given twice"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n=4x]/exact#1").find("expected an integer, got '4x'"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n=4]/exact#").find("seed"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n=4,q=1]/exact#1").find("'q' is not one of"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[n]/exact#1").find("not a flag"), std::string::npos);
  EXPECT_NE(error_of("pack_uint4[]/exact#1").find("size n"), std::string::npos);
  EXPECT_NE(error_of("linear_q4gsw[M=1,K=8,N=1,group=8,x=f15]/exact#1").find("'f15' is unknown"), std::string::npos);
  EXPECT_NE(error_of("linear_q4gsw[M=1,K=8,N=1,group=8,x=bf16]/exact#1").find("expected f32 or f16, got bf16"),
            std::string::npos);
  EXPECT_NE(error_of("linear_q4gsw[M=1,K=8,N=1]/exact#1").find("parameter 'group'"), std::string::npos);
}

}  // namespace
}  // namespace plumb
