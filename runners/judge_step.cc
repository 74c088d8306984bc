#include "runners/judge_step.h"

#include <fmt/format.h>

#include <new>

#include "reference/error.h"
#include "runners/memory_limit.h"

namespace plumb {

Record identify(Record record, const Step& step) {
  record.op = step.op;
  record.impl = step.impl;
  record.case_name = step.case_name;
  record.again = step.again;
  return record;
}

Record not_judged(const std::string& obstacle) {
  return Record(Outcome::vacuous, fmt::format("not judged: plumb itself failed: {}", obstacle));
}

namespace {

Record judge_step(const Step& step) {
  try {
    return identify(step.judge(), step);
  } catch (const Error& error) {
    return identify(Record(Outcome::fail, error.what()), step);
  } catch (const std::bad_alloc&) {
    // Nothing is left to judge with. Whether that is plumb's doing shows in how much was taken since the worker began.
    const bool used_up = is_memory_used_up();
    return identify(
        used_up ? Record(Outcome::fail, "used up the memory that it may have") : not_judged("out of memory"), step);
  } catch (const std::exception& error) {
    return identify(not_judged(error.what()), step);
  }
}

}  // namespace

std::string begin(const Unit& unit) {
  try {
    if (unit.begin) unit.begin();
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

Record judge_or_excuse(const Step& step, const std::string& obstacle) {
  return obstacle.empty() ? judge_step(step) : identify(not_judged(obstacle), step);
}

}  // namespace plumb
