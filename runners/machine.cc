#include "runners/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <thread>

#include "impls/cpu/targets.h"
#include "impls/vulkan/vulkan.h"

namespace plumb {
namespace {

std::string cpu_model() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

}  // namespace

std::string describe_machine() {
  std::vector<std::string> targets;
  for (const cpu::Target& target : cpu::compiled_targets()) {
    if (target.unavailable.empty()) targets.push_back(target.name);
  }
  return fmt::format("{}, {} cores, runs {}", cpu_model(), std::thread::hardware_concurrency(),
                     fmt::join(targets, " "));
}

std::vector<std::string> vulkan_devices() { return vulkan_device_descriptions(); }

}  // namespace plumb
