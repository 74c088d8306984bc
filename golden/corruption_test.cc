// Damaged bytes: whatever HDF5 does about them, reading ends in a file or in one plumb::Error, and compressed data is
// never silently another.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "golden/draft.h"
#include "golden/golden.h"

namespace plumb::golden {
namespace {

using std::chrono::milliseconds;

const std::filesystem::path kGiven = std::filesystem::path(PLUMB_SOURCE_DIR) / "golden/executorch/train_q4gsw.h5";

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// The message of the refusal, or "" and the file in `result`. Any other exception fails the test.
std::string refusal(const std::filesystem::path& path, File& result) {
  try {
    result = read(path, milliseconds(2000));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// Every tensor that is compressed (the generators compress all but scalars and empty ones).
std::vector<std::vector<std::byte>> compressed_data(const File& file) {
  std::vector<std::vector<std::byte>> data;
  for (const Case& c : file.cases)
    for (const auto* arrays : {&c.inputs, &c.outputs})
      for (const Array& array : *arrays)
        if (!array.shape.empty()) data.push_back(array.bytes);
  return data;
}

TEST(Corruption, EveryTruncationIsRefused) {
  const TemporaryFolder folder;
  const auto path = folder / "truncated.h5";
  const std::string given = bytes_of(kGiven);
  ASSERT_GT(given.size(), 50'000u);
  File file;
  for (std::size_t size = 0; size < given.size(); size += 997) {
    write_bytes(path, std::string_view(given).substr(0, size));
    EXPECT_EQ(refusal(path, file).rfind(path.string(), 0), 0u) << size << " bytes were accepted";
  }
}

TEST(Corruption, ATruncatedFileSaysSo) {
  const TemporaryFolder folder;
  const auto path = folder / "truncated.h5";
  const std::string given = bytes_of(kGiven);
  write_bytes(path, std::string_view(given).substr(0, given.size() / 2));
  File file;
  EXPECT_NE(refusal(path, file).find("/: opening it as HDF5 failed (HDF5: truncated file"), std::string::npos);
}

TEST(Corruption, WhatIsNoHdf5FileIsRefused) {
  const TemporaryFolder folder;
  File file;
  EXPECT_EQ(refusal(kGiven.parent_path(), file),
            kGiven.parent_path().string() + ": expected a golden file, found something that is no regular file");
  EXPECT_EQ(refusal(folder / "none.h5", file),
            (folder / "none.h5").string() + ": expected a golden file, found nothing");
  write_bytes(folder / "text.h5", "this is text");
  EXPECT_NE(refusal(folder / "text.h5", file).find("opening it as HDF5 failed (HDF5: "), std::string::npos);
}

// One byte of the file is changed, at a place and in a way that only the number of the trial decides.
std::string flipped(std::string bytes, std::mt19937_64& random) {
  const std::size_t place = random() % bytes.size();
  const auto mask = static_cast<char>(1u << random() % 8);
  bytes[place] = static_cast<char>(random() % 2 == 0 ? bytes[place] ^ mask : ~bytes[place]);
  return bytes;
}

TEST(Corruption, FlippedBitsAreRefusedOrHarmless) {
  const TemporaryFolder folder;
  const auto path = folder / "flipped.h5";
  const std::string given = bytes_of(kGiven);
  const auto expected = compressed_data(read(kGiven));
  std::mt19937_64 random(1);
  int refused = 0;
  for (int trial = 0; trial < 400; ++trial) {
    write_bytes(path, flipped(given, random));
    File file;
    const std::string message = refusal(path, file);
    if (message.empty())
      EXPECT_EQ(compressed_data(file), expected) << "trial " << trial;
    else
      EXPECT_NE(message.find(path.string()), std::string::npos) << message;
    refused += !message.empty();
  }
  EXPECT_GT(refused, 300);
}

// As above on a file of the oldest HDF5 format, whose metadata has no checksums: most crashes of the library are here.
TEST(Corruption, FlippedBitsOfTheOldFormatDoNotCrash) {
  const TemporaryFolder folder;
  const std::vector<std::uint8_t> codes(64, 7);
  {
    Draft draft(folder / "given.h5");
    for (const char* path : {"/cases/a/inputs/x", "/cases/a/outputs/y", "/cases/a/outputs/z"})
      draft.dataset(path, H5T_STD_U8LE, {8, 8}, codes.data());
  }
  const std::string given = bytes_of(folder / "given.h5");
  std::mt19937_64 random(2);
  int refused = 0;
  for (int trial = 0; trial < 400; ++trial) {
    write_bytes(folder / "flipped.h5", flipped(given, random));
    File file;
    refused += !refusal(folder / "flipped.h5", file).empty();
  }
  EXPECT_GT(refused, 20);
}

TEST(Corruption, NoByteOfACompressedChunkCanChange) {
  const TemporaryFolder folder;
  const auto path = folder / "gzip.h5";
  std::vector<std::uint8_t> codes(1000);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i * i % 251);
  haddr_t address = 0;
  hsize_t size = 0;
  {
    const Handle creation(Draft::made(H5Pcreate(H5P_DATASET_CREATE)));
    const hsize_t chunk = codes.size();
    H5Pset_chunk(creation.id(), 1, &chunk);
    H5Pset_deflate(creation.id(), 9);
    Draft draft(path);
    draft.dataset("/cases/a/outputs/y", H5T_STD_U8LE, {codes.size()}, codes.data(), creation.id());
  }
  {
    const Handle file(Draft::made(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)));
    const Handle dataset(Draft::made(H5Dopen2(file.id(), "/cases/a/outputs/y", H5P_DEFAULT)));
    const Handle space(Draft::made(H5Dget_space(dataset.id())));
    Draft::made(H5Dget_chunk_info(dataset.id(), space.id(), 0, nullptr, nullptr, &address, &size));
  }
  ASSERT_GT(size, 100u);
  const std::string given = bytes_of(path);
  for (hsize_t i = 0; i < size; ++i) {
    std::string damaged = given;
    damaged[address + i] = static_cast<char>(damaged[address + i] ^ 0x10);
    write_bytes(path, damaged);
    File file;
    const std::string message = refusal(path, file);
    EXPECT_NE(message.find("/cases/a/outputs/y: reading its data failed (HDF5: "), std::string::npos) << i << message;
  }
}

}  // namespace
}  // namespace plumb::golden
