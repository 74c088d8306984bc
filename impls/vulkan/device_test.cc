#include "impls/vulkan/device.h"

#include <numeric>

#include "impls/builtin.h"
#include "impls/vulkan/child.h"
#include "impls/vulkan/device_under_test.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/overrun_test.spv.inc"
    ;
constexpr Shader kShader{"overrun_test", kSpirv, 1};
constexpr std::uint32_t kWords = 100;

std::vector<std::uint32_t> count_up(std::uint32_t words) {
  std::vector<std::uint32_t> values(words);
  std::iota(values.begin(), values.end(), 1);
  return values;
}

// Copies the input to words [first, first + words) of an output of `output_words`.
Dispatch copy(Device& device, std::uint32_t words, std::int32_t first, std::uint64_t output_words) {
  return {.shader = &kShader,
          .constants = {1},
          .sizes = {static_cast<std::uint32_t>(first), words, 0},
          .inputs = {device.upload("input", count_up(words))},
          .groups = words,
          .output_words = output_words};
}

class VulkanDevice : public DeviceTest {
 protected:
  static void expect_device_error(const std::function<void()>& body, std::string_view text) {
    try {
      body();
      FAIL() << "expected a DeviceError with: " << text;
    } catch (const DeviceError& error) {
      EXPECT_NE(std::string_view(error.what()).find(text), std::string_view::npos) << error.what();
    }
  }
};

TEST_F(VulkanDevice, UploadsRunsAndReadsBack) {
  for (const bool staging : {false, true}) {
    Device device(id(), {.validation = true, .force_staging = staging});
    EXPECT_EQ(device.run(copy(device, kWords, 0, kWords)), count_up(kWords)) << staging;
    EXPECT_EQ(device.run(copy(device, 1, 0, 1)), count_up(1)) << staging;  // the pipeline is used again
  }
}

TEST_F(VulkanDevice, MoreGroupsThanOneDimensionHas) {
  Device device(id(), {.validation = true});
  EXPECT_EQ(device.run(copy(device, 70'001, 0, 70'001)), count_up(70'001));
}

TEST_F(VulkanDevice, UnwrittenWordsAreThePoison) {
  Device device(id(), {.validation = true});
  std::vector<std::uint32_t> expected = count_up(kWords);
  expected.push_back(Device::kPoison);
  EXPECT_EQ(device.run(copy(device, kWords, 0, kWords + 1)), expected);
}

TEST_F(VulkanDevice, OverrunsAreFound) {
  for (const bool staging : {false, true}) {
    Device device(id(), {.validation = true, .force_staging = staging});
    for (const std::int32_t first : {-64, -1, 1, 64}) {
      EXPECT_THROW((void)device.run(copy(device, kWords, first, kWords)), std::runtime_error) << first;
    }
    EXPECT_EQ(device.run(copy(device, kWords, 0, kWords)), count_up(kWords)) << "after the overruns";
  }
}

TEST_F(VulkanDevice, ComplaintsOfTheValidationLayerAreErrors) {
  Device device(id(), {.validation = true});
  Dispatch dispatch = copy(device, kWords, 0, kWords);
  dispatch.sizes.pop_back();  // fewer push constants than the shader declares
  for (int time = 0; time < 2; ++time) expect_device_error([&] { (void)device.run(dispatch); }, "VUID-");
  EXPECT_EQ(device.run(copy(device, kWords, 0, kWords)), count_up(kWords)) << "the next call is fine again";
}

TEST_F(VulkanDevice, TooLargeIsRefused) {
  Device device(id(), {});
  Dispatch dispatch = copy(device, kWords, 0, kWords);
  dispatch.output_words = (std::uint64_t{1} << 32) / 4;  // maxStorageBufferRange has 32 bits
  expect_device_error([&] { (void)device.run(dispatch); }, "output: 4294967808 bytes, but a storage buffer of");
}

TEST_F(VulkanDevice, TakingTooLongEndsItsUse) {
  Device device(id(), {});
  // Also where a busy machine looks at the device late. llvmpipe ends every loop after 65,535 steps, so that it takes
  // many.
  Dispatch dispatch = copy(device, 32768, 0, 32768);
  dispatch.sizes[2] = 1'000'000;
  dispatch.timeout_ms = 0;  // however fast the device is
  expect_device_error([&] { (void)device.run(dispatch); }, "did not finish within 0 ms");
  expect_device_error([&] { (void)device.run(copy(device, 1, 0, 1)); }, "hung before");
}

TEST_F(VulkanDevice, AnotherDeviceInItsPlaceIsNoticed) {
  expect_device_error([] { Device({id().index, "another"}, {}); }, "is no longer 'another'");
  expect_device_error([] { Device({99, id().name}, {}); }, "Vulkan device 99 is no longer");
}

TEST_F(VulkanDevice, IsNotUsedAfterAFork) {
  (void)Device::at(id());
  expect_device_error([] { (void)ask_child([] { return (void)Device::at(id()), std::string(); }, 10'000); },
                      "was opened before this process was forked");
}

}  // namespace
}  // namespace plumb::vulkan
