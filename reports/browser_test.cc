// The page in a real browser: its script runs without an error and draws what the records say.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "reports/html.h"
#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

struct Rendered {
  std::string dom;
  std::string log;
  int status = -1;
};

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class BrowserTest : public testing::Test {
 protected:
  BrowserTest() : dir_(fs::temp_directory_path() / ("plumb-browser-" + std::to_string(getpid()))) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  ~BrowserTest() override {
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
  }

  void SetUp() override {
    if (std::system("command -v chromium >/dev/null 2>&1") == 0) return;
    const char* required = std::getenv("PLUMB_REQUIRE");
    if (required != nullptr && std::string(required).find("chromium") != std::string::npos)
      FAIL() << "PLUMB_REQUIRE names chromium, but it is not in PATH";
    GTEST_SKIP() << "chromium is not in PATH: the page was not tried in a browser";
  }

  /// Loads the page in a fresh profile and returns the document after its scripts have run.
  Rendered render(const std::string& page) const {
    std::ofstream(dir_ / "report.html", std::ios::binary) << page;
    const std::string command =
        "cd '" + dir_.string() +
        "' && timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic "
        "--no-first-run --disable-background-networking --disable-component-update --disable-sync "
        "--disable-dev-shm-usage --user-data-dir='" +
        (dir_ / "profile").string() +
        "' --enable-logging=stderr --v=0 "
        "--virtual-time-budget=5000 --dump-dom 'file://" +
        (dir_ / "report.html").string() + "' >dom 2>log";
    Rendered rendered;
    rendered.status = std::system(command.c_str());
    rendered.dom = content(dir_ / "dom");
    rendered.log = content(dir_ / "log");
    return rendered;
  }

  const fs::path dir_;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The element with this id, from its first ">" to the first `closing` after it.
std::string inside(const std::string& dom, const std::string& id, const std::string& closing) {
  const std::size_t at = dom.find("id=\"" + id + "\"");
  if (at == std::string::npos) return "no element " + id;
  const std::size_t from = dom.find('>', at) + 1;
  return dom.substr(from, dom.find(closing, from) - from);
}

int rows_in(const std::string& table_body) {
  int count = 0;
  for (std::size_t at = table_body.find("<tr"); at != std::string::npos; at = table_body.find("<tr", at + 1)) ++count;
  return count;
}

TEST_F(BrowserTest, DrawsAHostileRunWithoutAnError) {
  const Rendered rendered = render(write_html(hostile_run(5000), {{kHostileText, "layout", "+---+"}}));
  ASSERT_EQ(rendered.status, 0) << rendered.log;
  EXPECT_FALSE(has(rendered.log, "CONSOLE")) << rendered.log;
  EXPECT_EQ(rows_in(inside(rendered.dom, "case-rows", "</tbody>")), 100);
  EXPECT_EQ(inside(rendered.dom, "case-status", "</p>"), "All 5,009 cases.");
  EXPECT_EQ(inside(rendered.dom, "page-status", "</span>"), "page 1 of 51");
  EXPECT_TRUE(has(rendered.dom, "data-op=\"pack_uint4\" data-impl=\"cpu.avx2\""));
  EXPECT_TRUE(has(rendered.dom, "<html lang=\"en\" class=\"js\">"));
}

TEST_F(BrowserTest, FiltersSortsAndOpensWhatIsClicked) {
  const plumb::Run run = hostile_run(300);
  const std::string clicks =
      "<script>document.querySelector('a.cell[data-op=\"linear_q4gsw\"][data-impl=\"cpu.avx2\"]').click();"
      "document.querySelector('#case-table th:nth-child(1) button').click();"
      "document.querySelector('#case-rows .opener').click();</script>";
  const Rendered rendered = render(write_html(run, {}) + clicks);
  ASSERT_EQ(rendered.status, 0) << rendered.log;
  EXPECT_FALSE(has(rendered.log, "CONSOLE")) << rendered.log;
  const std::string rows = inside(rendered.dom, "case-rows", "</tbody>");
  EXPECT_EQ(inside(rendered.dom, "case-status", "</p>"), "107 of 309 cases.");
  EXPECT_LT(rows.find("badge fail"), rows.find("badge pass")) << "sorted by outcome, the worst first";
  EXPECT_TRUE(has(rows, "<tr class=\"detail fail\">"));
  EXPECT_TRUE(has(rows, "plumb check 'linear_q4gsw[N=3,K=96,group=32]/spread#301' --impl cpu.avx2"));
}

// Wide tables scroll in frames of their own.
TEST_F(BrowserTest, ThePageItselfDoesNotScrollSideways) {
  plumb::Run run = proved_run(3);
  const std::vector<Record> narrow = run.records;
  for (int i = 0; i < 12; ++i) {
    for (Record record : narrow) {
      record.impl = "cpu.another_" + std::to_string(i);
      run.records.push_back(record);
    }
  }
  const std::string measure =
      "<script>document.body.dataset.sideways = document.documentElement.scrollWidth > innerWidth ? 'yes' : 'no';"
      "document.body.dataset.matrix = [...document.querySelectorAll('.scroll')].some(e => e.scrollWidth > innerWidth) "
      "? "
      "'wide' : 'narrow';</script>";
  const Rendered rendered = render(write_html(run, {}) + measure);
  ASSERT_EQ(rendered.status, 0) << rendered.log;
  EXPECT_TRUE(has(rendered.dom, "data-matrix=\"wide\"")) << "nothing that could scroll";
  EXPECT_TRUE(has(rendered.dom, "data-sideways=\"no\""));
}

TEST_F(BrowserTest, NoticesAScriptThatFails) {
  std::string page = write_html(proved_run(3), {});
  const std::size_t at = page.find("id=\"case-data\">{") + 15;
  page[at] = '[';
  const Rendered rendered = render(page);
  EXPECT_TRUE(has(rendered.log, "CONSOLE")) << rendered.log;
  EXPECT_EQ(rows_in(inside(rendered.dom, "case-rows", "</tbody>")), 0);
}

}  // namespace
}  // namespace plumb
