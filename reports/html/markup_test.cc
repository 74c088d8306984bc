#include "reports/html/markup.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace plumb {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

TEST(HtmlText, EscapesWhatHtmlReads) {
  EXPECT_EQ(html_text("</script><b>&\"'"), "&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(html_text("plain Ω 𝛼\n\t"), "plain Ω 𝛼\n\t");
}

TEST(HtmlText, ReplacesWhatIsNotTextInUtf8) {
  for (const std::string bad : {"\xFF", "\x80", "\xC0", "\xC3", "\xED", "\x01", "\x7F", "\r"})
    EXPECT_EQ(html_text("a" + bad + "b"), std::string("a") + kReplacement + "b");
  EXPECT_EQ(html_text(std::string(1, '\0')), kReplacement);
  EXPECT_EQ(html_text("\xED\xA0\x80").size(), 9u) << "a surrogate is three bad bytes";
  EXPECT_EQ(html_text("\xF4\x90\x80\x80").size(), 12u) << "beyond U+10FFFF";
  EXPECT_EQ(html_text("\xE2\x82"), std::string(kReplacement) + kReplacement) << "cut off";
}

RC_GTEST_PROP(HtmlText, NoBytesEverMakeATagOrLeaveAnAttribute, (const std::string& bytes)) {
  RC_ASSERT(html_text(bytes).find_first_of("<>\"'") == std::string::npos);
}

RC_GTEST_PROP(ScriptJson, NoBytesEverEndTheScriptAndValidTextReadsBack, (const std::string& bytes)) {
  const std::string json = script_json({{"k", bytes + "</script><!--"}});
  RC_ASSERT(json.find('<') == std::string::npos);
  const auto back = nlohmann::json::parse(json).at("k").get<std::string>();
  RC_ASSERT(back.ends_with("</script><!--"));
}

TEST(Badge, EveryOutcomeHasItsOwnWordAndSign) {
  std::set<std::string_view> signs;
  for (const Outcome outcome : all_outcomes()) {
    signs.insert(icon(outcome));
    EXPECT_NE(badge(outcome).find(std::string("</span> ") + to_string(outcome) + "</span>"), std::string::npos);
  }
  EXPECT_EQ(signs.size(), all_outcomes().size());
}

}  // namespace
}  // namespace plumb
