// For unit tests: what an error says.
#pragma once

#include <string>

#include "reference/error.h"

namespace plumb {

/// The message of the Error that body() throws; empty if it throws none. Other exceptions pass.
template <class Body>
[[nodiscard]] std::string error_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace plumb
