// What every page of plumbline begins with.
#pragma once

#include <string>

namespace plumb {

/// From the doctype to <body>: title, style, and the policy that nothing is fetched.
[[nodiscard]] std::string page_start(const std::string& title);

}  // namespace plumb
