// What every page of plumbline begins and ends with.
#pragma once

#include <string>

namespace plumb {

/// From the doctype to <body>: title, style, and the policy that nothing is fetched.
[[nodiscard]] std::string page_start(const std::string& title);
/// A term of the list of facts in a page's header; nothing if there is no text.
[[nodiscard]] std::string fact(const char* term, const std::string& text, const char* css = "");
/// What follows </main>: the program's version, `extra` markup, </body> and </html>.
[[nodiscard]] std::string page_end(const std::string& version, const std::string& extra = {});

}  // namespace plumb
