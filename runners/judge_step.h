// Reaching the verdict of one step, in whatever process.
#pragma once

#include <string>

#include "reports/record.h"
#include "runners/sandbox.h"

namespace plumb {

/// The record with the fields that identify its step.
[[nodiscard]] Record identify(Record record, const Step& step);
/// The verdict where plumb itself failed, and nothing was found out about an implementation.
[[nodiscard]] Record not_judged(const std::string& obstacle);
/// Makes the unit's question. Returns why its steps cannot be judged; empty if they can.
[[nodiscard]] std::string begin(const Unit& unit);
/// Judges the step, or says that the obstacle kept it from being judged. Lets no exception out.
[[nodiscard]] Record judge_or_excuse(const Step& step, const std::string& obstacle);

}  // namespace plumb
