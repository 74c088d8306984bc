#include "impls/vulkan/discovery.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "impls/vulkan/child.h"
#include "impls/vulkan/linear_variants.h"
#include "impls/vulkan/vulkan.h"
#include "reference/ops.h"

namespace plumb::vulkan {
namespace {

std::string failure_of(const std::function<std::string()>& body, int timeout_ms = 10'000) {
  try {
    return "no failure: " + ask_child(body, timeout_ms);
  } catch (const DeviceError& error) {
    return error.what();
  }
}

TEST(Child, ReturnsWhatTheBodyReturns) {
  EXPECT_EQ(ask_child([] { return std::string(); }, 10'000), "");
  EXPECT_EQ(ask_child([] { return std::string(1 << 20, 'x'); }, 10'000), std::string(1 << 20, 'x'));
}

TEST(Child, ItsEndIsAReason) {
  EXPECT_EQ(failure_of([]() -> std::string { throw DeviceError("no driver"); }), "no driver");
  EXPECT_EQ(failure_of([]() -> std::string { throw 1; }), "unknown exception");
  EXPECT_EQ(failure_of([]() -> std::string { _exit(3); }), "ended with exit status 3");
  EXPECT_EQ(failure_of([]() -> std::string { _exit(0); }), "ended without an answer");
  EXPECT_EQ(failure_of([] {
              kill(getpid(), SIGKILL);
              return std::string();
            }),
            "died of signal Killed");
}

TEST(Child, IsKilledWhenItTakesTooLong) {
  EXPECT_EQ(failure_of([]() -> std::string { return sleep(600), ""; }, 50), "no answer within 50 ms");
}

TEST(Discovery, ReadsWhatTheChildWrites) {
  const Discovery found = parse_devices("-\tOld is Vulkan 1.0.3\n+\t1\tNew (R)\tdriver 2\t1.1.0\n");
  ASSERT_EQ(found.devices.size(), 1U);
  EXPECT_EQ(found.devices[0].id.index, 1U);
  EXPECT_EQ(found.devices[0].id.name, "New (R)");
  EXPECT_EQ(found.devices[0].driver, "driver 2");
  EXPECT_EQ(found.devices[0].api_version, "1.1.0");
  EXPECT_EQ(found.unavailable, "");
}

TEST(Discovery, NoUsableDeviceIsAReason) {
  const Discovery found = parse_devices("-\tOld is Vulkan 1.0.3\n");
  EXPECT_TRUE(found.devices.empty());
  EXPECT_NE(found.unavailable.find("Old is Vulkan 1.0.3"), std::string::npos) << found.unavailable;
  EXPECT_NE(parse_devices("").unavailable, "");
}

TEST(Discovery, FindsDevicesOrSaysWhyNot) {
  EXPECT_EQ(discovery().devices.empty(), !discovery().unavailable.empty());
  EXPECT_FALSE(vulkan_device_descriptions().empty());
  for (const std::string& line : vulkan_device_descriptions()) EXPECT_NE(line, "");
}

TEST(Discovery, NamesOfDevices) {
  EXPECT_EQ(short_name("llvmpipe (LLVM 15.0.6, 256 bits)"), "llvmpipe");
  EXPECT_EQ(short_name("NVIDIA GeForce RTX 4090"), "nvidia_geforce_rtx_4090");
  EXPECT_EQ(short_name("  Mali-G78 "), "mali_g78");
  EXPECT_EQ(short_name("(unnamed)"), "device");
  const std::vector<FoundDevice> devices{{{0, "A (1)"}, "", ""}, {{1, "B"}, "", ""}, {{2, "A (2)"}, "", ""}};
  EXPECT_EQ(implementation_names(devices), (std::vector<std::string>{"vulkan.a", "vulkan.b", "vulkan.a_2"}));
}

TEST(Vulkan, EveryOperatorOncePerDeviceOrOnceUnavailable) {
  Builtins impls;
  append_vulkan_impls(impls);
  const std::size_t devices = std::max<std::size_t>(discovery().devices.size(), 1);
  EXPECT_EQ(impls.size(), (all_ops().size() + std::size(kLinearVariants)) * devices);
  for (const auto& impl : impls) {
    EXPECT_NO_THROW((void)op_named(impl->abi()->op));
    EXPECT_EQ(impl->abi()->unavailable != nullptr, discovery().devices.empty());
    EXPECT_TRUE(std::string_view(impl->abi()->name).starts_with("vulkan")) << impl->abi()->name;
  }
}

}  // namespace
}  // namespace plumb::vulkan
