#include "impls/cpu/peaks.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace plumb::cpu {
namespace {

std::vector<std::byte> counting(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  return bytes;
}

TEST(Peaks, CopiesEveryByte) {
  for (const std::size_t size : {0U, 1U, 63U, 4097U}) {
    for (const int threads : {1, 2, 5}) {
      const std::vector<std::byte> from = counting(size);
      std::vector<std::byte> to(size);
      copy_memory(from, to, threads);
      EXPECT_EQ(to, from) << size << " bytes, " << threads << " threads";
    }
  }
}

TEST(Peaks, ReadsEveryWord) {
  for (const std::size_t size : {0U, 7U, 8U, 264U, 8199U}) {
    const std::vector<std::byte> memory = counting(size);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, memory.data() + i, sizeof word);
      sum += word;
    }
    for (const int threads : {1, 2, 5}) EXPECT_EQ(read_memory(memory, threads), sum) << size;
  }
}

TEST(Peaks, CountsTheOperationsOfAllThreads) {
  const std::int64_t one = multiply_and_add(10, 1);
  EXPECT_GE(one, 240);
  EXPECT_EQ(one % 240, 0);
  EXPECT_EQ(multiply_and_add(10, 3), 3 * one);
  EXPECT_EQ(multiply_and_add(20, 1), 2 * one);
}

}  // namespace
}  // namespace plumb::cpu
