#include "runners/recoding.h"

#include <gtest/gtest.h>

#include "reference/layout/layouts.h"

namespace plumb {
namespace {

Layout layout(int bits, Encoding encoding) {
  Layout result = layout_named("et_vk.q4gsw");
  result.bits = bits;
  result.encoding = encoding;
  return result;
}

TEST(Recoding, CodesKeepTheirValues) {
  const Recoding recoding(layout(4, Encoding::twos_complement), layout(8, Encoding::offset_binary), 0);
  for (int code = -8; code < 8; ++code) {
    const auto stored = static_cast<unsigned>(code) & 15U;
    EXPECT_TRUE(recoding.fits(stored));
    EXPECT_EQ(recoding(stored), static_cast<unsigned>(code + 128));
  }
}

TEST(Recoding, WhatDoesNotFitIsToldAndStaysInItsBits) {
  const Recoding recoding(layout(4, Encoding::unsigned_binary), layout(4, Encoding::twos_complement), -4);
  for (unsigned stored = 0; stored < 16; ++stored) {
    EXPECT_EQ(recoding.fits(stored), stored < 12) << stored;  // -4 … 7
    EXPECT_EQ(recoding(stored), (stored - 4) & 15U);
  }
}

}  // namespace
}  // namespace plumb
