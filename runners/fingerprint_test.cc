#include "runners/fingerprint.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "golden/draft.h"

namespace plumb {
namespace {

TEST(Fingerprint, IsThePublishedHash) {
  Fingerprint print;
  EXPECT_EQ(print.text(), "cbf29ce484222325");
  print.add("");  // its end alone
  EXPECT_EQ(print.text(), "af63c74c8601c8dd");
}

TEST(Fingerprint, OfTheCodeChangesWithALibraryAndWithItsTime) {
  const std::string without = code_fingerprint();
  EXPECT_EQ(code_fingerprint(), without);
  const golden::TemporaryFolder folder;
  const std::filesystem::path copy = folder / "libexample.so";
  std::filesystem::copy_file(PLUMB_BINARY_DIR "/libexample.so", copy);
  const std::string with = code_fingerprint({copy.string()});
  EXPECT_NE(with, without);
  std::filesystem::last_write_time(copy, std::filesystem::last_write_time(copy) + std::chrono::seconds(1));
  EXPECT_NE(code_fingerprint({copy.string()}), with);
}

}  // namespace
}  // namespace plumb
