#include "reference/graph/pickle.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "reference/graph/pt2.h"
#include "reference/graph/zip_archive.h"
#include "reference/testing/error_of.h"

namespace plumb::graph {
namespace {

constexpr std::string_view kGlobals[] = {"collections OrderedDict"};

Pickle read(std::string_view text) { return {std::as_bytes(std::span(text)), kGlobals}; }

std::string error_with(std::string_view text) {
  return error_of([&] { (void)read(text); });
}

using namespace std::string_view_literals;

TEST(Pickle, ContainersCallsAndMemo) {
  // {"a": (5, -1), "b": itself, "c": OrderedDict()}
  const Pickle pickle =
      read("\x80\2}q\0(X\1\0\0\0aK\5J\xff\xff\xff\xff\x86X\1\0\0\0bh\0X\1\0\0\0cccollections\nOrderedDict\n)Ru."sv);
  const auto entries = pickle.dict(pickle.root(), "the dict");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].first, "a");
  EXPECT_EQ(pickle.integers(entries[0].second, "the pair"), (std::vector<std::int64_t>{5, -1}));
  EXPECT_EQ(entries[1].second, pickle.root());
  EXPECT_TRUE(pickle.calls(entries[2].second, "collections OrderedDict"));
  EXPECT_EQ(error_of([&] { (void)pickle.integer(pickle.root(), "a size"); }),
            "pickle: a size has another type than expected");
}

TEST(Pickle, WhatIsNotKnownIsNamed) {
  EXPECT_EQ(error_with("\x80\2cposix\nsystem\nX\2\0\0\0ls\x85R."sv),
            "pickle: the global 'posix system' is not one that is known here");
  EXPECT_EQ(error_with("\x80\2i."sv), "pickle: opcode 0x69 at byte 2 is none that torch.save writes");
  EXPECT_EQ(error_with("\x80\4N."sv), "pickle: expected protocol 2, as torch.save writes");
  EXPECT_EQ(error_with("\x80\2h\3."sv), "pickle: nothing is memoised as 3");
  EXPECT_EQ(error_with("\x80\2NN."sv), "pickle: it ends with values left over");
  EXPECT_EQ(error_with("\x80\2N.N"sv), "pickle: 1 bytes behind its end");
  EXPECT_EQ(error_with("\x80\2(a."sv), "pickle: nothing to take at byte 4");
  EXPECT_EQ(error_with("\x80\2}K\1a."sv), "pickle: items for what cannot hold them at byte 6");
  EXPECT_EQ(error_with("\x80\2X\xff\xff\xff\xff."sv), "pickle: it ends within the item at byte 7");
}

// ---- the pickle of a real archive ----

const std::filesystem::path kArchive =
    std::filesystem::path(PLUMB_SOURCE_DIR) / "golden/torchao/linear_8da4w.after.pt2";

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

// The archive's bytes, and where the pickle of its weight lies in them.
struct Pickled {
  std::string whole, text;
  std::size_t offset;
  std::uint32_t crc;

  // The archive with another pickle of that size, whose CRC-32 is right again.
  [[nodiscard]] std::string with(const std::string& other) const {
    std::string changed = whole;
    changed.replace(offset, other.size(), other);
    const std::uint32_t now = crc32(other);
    const std::string from(reinterpret_cast<const char*>(&crc), 4), to(reinterpret_cast<const char*>(&now), 4);
    for (std::size_t at = 0; (at = changed.find(from, at)) != std::string::npos; at += 4) changed.replace(at, 4, to);
    return changed;
  }
};

Pickled pickled() {
  Pickled found;
  std::ifstream in(kArchive, std::ios::binary);
  found.whole = {std::istreambuf_iterator<char>(in), {}};
  const ZipArchive outer(MappedFile::open(kArchive));
  for (const auto& [name, entry] : outer.entries()) {
    const std::string_view bytes(found.whole.data() + entry.offset, entry.size);
    if (bytes.substr(0, 4) != "PK\3\4" || bytes.find("_rebuild_wrapper_subclass") == std::string::npos) continue;
    const ZipArchive inner(MappedFile::within(outer.keeper(), entry.offset, entry.size, name));
    for (const auto& [part, where] : inner.entries()) {
      if (!part.ends_with("/data.pkl")) continue;
      found.offset = entry.offset + where.offset;
      found.text = inner.text(part);
      found.crc = where.crc;
    }
  }
  return found;
}

std::string error_of_archive(const std::string& bytes) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("plumb_pickle_" + std::to_string(getpid()) + ".pt2");
  std::ofstream(path, std::ios::binary) << bytes;
  std::string error = error_of([&] { (void)read_pt2(path); });
  std::filesystem::remove(path);
  return error;
}

TEST(DamagedPickle, CutAnywhereIsRefused) {
  const Pickled real = pickled();
  ASSERT_GT(real.text.size(), 400U);
  ASSERT_EQ(error_of_archive(real.with(real.text)), "");
  for (std::size_t size = 0; size < real.text.size(); ++size) {
    EXPECT_NE(error_with(std::string_view(real.text).substr(0, size)), "") << size;
  }
}

// A changed byte is refused by one error that names the parameter, or says something else that is legal; never a crash.
TEST(DamagedPickle, ChangedAnywhereIsOneError) {
  const Pickled real = pickled();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < real.text.size(); ++at) {
    std::string changed = real.text;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    const std::string error = error_of_archive(real.with(changed));
    refused += error.empty() ? 0 : 1;
    EXPECT_TRUE(error.empty() || error.find("weight") != std::string::npos) << at << ": " << error;
  }
  EXPECT_GT(refused, real.text.size() / 2);
}

TEST(DamagedPickle, SizesThatOverflowAreRefused) {
  const Pickled real = pickled();
  int sizes = 0;
  // Small integers of the pickle, made as large as they can be.
  for (std::size_t at = real.text.find('K'); at != std::string::npos; at = real.text.find('K', at + 1)) {
    std::string changed = real.text;
    changed[at + 1] = '\xff';
    sizes += error_of_archive(real.with(changed)).empty() ? 0 : 1;
  }
  EXPECT_GT(sizes, 4);
}

}  // namespace
}  // namespace plumb::graph
