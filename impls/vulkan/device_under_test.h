// For tests only: which device they run on, and what happens where there is none.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "impls/vulkan/discovery.h"

namespace plumb::vulkan {

/// Tests of kernels and devices. Without a device they are skipped with the reason, unless the environment variable
/// PLUMB_REQUIRE contains "vulkan": then they fail. Devices opened through Device::at run under the validation layer.
class DeviceTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    setenv("PLUMB_VULKAN_VALIDATION", "1", 1);
    // Keeps driver and layer loaded when a test closes its own device, so that leak checkers can name them.
    if (!discovery().devices.empty()) (void)Device::at(id());
  }

  void SetUp() override {
    if (!discovery().devices.empty()) return;
    const char* required = std::getenv("PLUMB_REQUIRE");
    if (required != nullptr && std::string_view(required).find("vulkan") != std::string_view::npos) {
      FAIL() << "PLUMB_REQUIRE asks for vulkan: " << discovery().unavailable;
    }
    GTEST_SKIP() << discovery().unavailable;
  }

  static const DeviceId& id() { return discovery().devices.at(0).id; }
};

}  // namespace plumb::vulkan
