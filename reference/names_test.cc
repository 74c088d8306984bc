#include "reference/names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace plumb {
namespace {

TEST(GlobMatch, StarAndQuestionMark) {
  EXPECT_TRUE(glob_match("*", "cpu.avx2"));
  EXPECT_TRUE(glob_match("cpu.*", "cpu.avx2"));
  EXPECT_TRUE(glob_match("*avx?", "cpu.avx2"));
  EXPECT_TRUE(glob_match("cpu.avx2", "cpu.avx2"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_FALSE(glob_match("cpu.avx", "cpu.avx2"));
  EXPECT_FALSE(glob_match("avx2", "cpu.avx2"));
  EXPECT_FALSE(glob_match("CPU.*", "cpu.avx2"));
  EXPECT_FALSE(glob_match("cpu.avx2?", "cpu.avx2"));
  EXPECT_FALSE(glob_match("", "cpu.avx2"));
  EXPECT_FALSE(glob_match("cpuxavx2", "cpu.avx2"));
}

TEST(GlobMatch, AnyOfSeveralPatterns) {
  EXPECT_TRUE(glob_match("vulkan*,cpu.*", "cpu.avx2"));
  EXPECT_TRUE(glob_match("cpu.*,vulkan*", "cpu.avx2"));
  EXPECT_TRUE(glob_match("a,b,c", "c"));
  EXPECT_TRUE(glob_match("a,b,c", "b"));
  EXPECT_FALSE(glob_match("a,b,c", "a,b"));
  EXPECT_FALSE(glob_match("a,b", "ab"));
}

TEST(NearestNames, NearestThreeFirst) {
  const std::vector<std::string> known = {"pack_uint4", "unpack_uint4", "linear_q4gsw", "embedding_q4gsw"};
  EXPECT_EQ(nearest_names("linear_q4", known), "linear_q4gsw, pack_uint4, unpack_uint4");
  EXPECT_EQ(nearest_names("unpack_uint8", known), "unpack_uint4, pack_uint4, linear_q4gsw");
  EXPECT_EQ(nearest_names("x", {}), "");
  EXPECT_EQ(nearest_names("", {"bb", "a"}), "a, bb");
}

TEST(NearestNames, CountsInsertionsDeletionsAndSubstitutions) {
  // Distances from "kitten": 3 (textbook), 1, 2, 1: equal ones keep their order.
  EXPECT_EQ(nearest_names("kitten", {"sitting", "mitten", "kit ten!", "kittn"}), "mitten, kittn, kit ten!");
}

// An edit distance by its recursive definition.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const std::size_t substituted = distance(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0 : 1);
  return std::min({substituted, distance(a.substr(1), b) + 1, distance(a, b.substr(1)) + 1});
}

RC_GTEST_PROP(NearestNamesProperty, FirstIsNearest, ()) {
  const auto word = rc::gen::resize(4, rc::gen::container<std::string>(rc::gen::elementOf(std::string("abc"))));
  const auto name = *word, a = *word, b = *word;
  const std::string expected = distance(name, b) < distance(name, a) ? b + ", " + a : a + ", " + b;
  RC_ASSERT(nearest_names(name, {a, b}) == expected);
}

TEST(ShellQuoted, LeavesPlainWordsAlone) {
  EXPECT_EQ(shell_quoted("build/libx.so"), "build/libx.so");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("pack[n=2]/exact#1"), "'pack[n=2]/exact#1'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
}

}  // namespace
}  // namespace plumb
