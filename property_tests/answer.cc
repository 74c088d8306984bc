#include "property_tests/answer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "reference/ops.h"
#include "runners/campaign.h"
#include "runners/execute.h"

namespace plumb {
namespace {

void require_ok(const Subject& subject, const char* function, plumb_status status) {
  if (status == PLUMB_OK) return;
  throw std::runtime_error(fmt::format("{}: {} returned '{}'", subject.impl->name, function, to_string(status)));
}

}  // namespace

std::vector<Subject> runnable(std::string_view op) {
  std::vector<Subject> subjects;
  for (const Subject& subject : builtin_subjects()) {
    if (op != subject.impl->op || subject.impl->unavailable != nullptr) continue;
    // The laws are those of f32: an activation that is rounded to less is no longer linear.
    if (op_named(op).arithmetic == Arithmetic::accumulated &&
        info(contract_of(*subject.impl).activation).precision_bits < info(DType::f32).precision_bits)
      continue;
    subjects.push_back(subject);
  }
  const char* required = std::getenv("PLUMB_REQUIRE");
  const bool has_device = std::ranges::any_of(
      subjects, [](const Subject& subject) { return std::string_view(subject.impl->name).starts_with("vulkan."); });
  if (!has_device && required != nullptr && std::string_view(required).find("vulkan") != std::string_view::npos) {
    throw std::runtime_error(fmt::format("PLUMB_REQUIRE asks for vulkan: no device can run {}", op));
  }
  if (subjects.empty()) throw std::runtime_error(fmt::format("no implementation of {} can run here", op));
  return subjects;
}

Tensor answer(const Subject& subject, const Op& op, const Problem& problem) {
  Execute execute(*subject.impl, op, problem, output_forms(op, problem.signature));
  require_ok(subject, "prepare", execute.prepare());
  Execution execution = execute.run(1, std::byte{0xA5});
  require_ok(subject, "run", execution.status);
  if (!execution.violations.empty()) {
    throw std::runtime_error(fmt::format("{}: {}", subject.impl->name, fmt::join(execution.violations, "; ")));
  }
  return std::move(execution.outputs[0]);
}

}  // namespace plumb
