#include "runners/library.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "reference/error.h"
#include "runners/campaign.h"

namespace plumb {
namespace {

const std::filesystem::path kBuilt = PLUMB_BINARY_DIR;

std::string error_of(const std::filesystem::path& path) {
  try {
    (void)load_library(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

// Compiles C source to a shared object beside the test and returns its path.
std::filesystem::path compile(const std::string& name, const std::string& source) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "plumb_library_test";
  std::filesystem::create_directories(folder);
  const auto code = folder / (name + ".c"), object = folder / (name + ".so");
  std::ofstream(code) << "#include <stdlib.h>\n#include \"plumbline.h\"\n" << source;
  const std::string command =
      "cc -std=c99 -shared -fPIC -I " PLUMB_SOURCE_DIR "/impls " + code.string() + " -o " + object.string();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return object;
}

constexpr const char* kRun =
    "static plumb_status run(const plumb_impl* s, const plumb_call* c, void* p) { (void)s; (void)c; (void)p; return "
    "PLUMB_OK; }\n";

// A library of one implementation, given as an initialiser.
std::filesystem::path library_of(const std::string& name, const std::string& impl,
                                 const std::string& version = "PLUMB_ABI_VERSION") {
  return compile(name, std::string(kRun) + "static const plumb_impl one = " + impl +
                           ";\nstatic const plumb_impl* const all[] = {&one, &one};\n"
                           "static const plumb_library lib = {" +
                           version +
                           ", 1, \"x\", \"1\", all};\nconst plumb_library* plumb_get_library(void) { return &lib; }\n");
}

const std::string kContract = "{PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 4, 0, 1}";

TEST(Library, LoadsTheExample) {
  const auto subjects = load_library(kBuilt / "libexample.so");
  ASSERT_EQ(subjects.size(), 1U);
  EXPECT_STREQ(subjects[0].impl->name, "example.c");
  EXPECT_STREQ(subjects[0].impl->op, "linear_q4gsw");
}

TEST(Library, NamesTheFileAndTheFault) {
  EXPECT_NE(error_of(PLUMB_SOURCE_DIR "/LICENSE").find("invalid ELF header"), std::string::npos);
  EXPECT_NE(error_of(compile("empty", "int nothing;\n")).find("plumb_get_library"), std::string::npos);
  EXPECT_NE(error_of(library_of("abi", "{0}", "99")).find("expected ABI version 1, got 99"), std::string::npos);
  EXPECT_NE(error_of(library_of("small", "{8}")).find("struct_size"), std::string::npos);
  EXPECT_NE(error_of(library_of("unknown",
                                "{sizeof(plumb_impl), \"linear_q4\", \"a\", 0, " + kContract + ", 0, 0, 0, run, 0}"))
                .find("nearest: linear_q4gsw"),
            std::string::npos);
  EXPECT_NE(error_of(library_of("norun",
                                "{sizeof(plumb_impl), \"linear_q4gsw\", \"a\", 0, " + kContract + ", 0, 0, 0, 0, 0}"))
                .find("no run function"),
            std::string::npos);
  EXPECT_NE(error_of(library_of("contract",
                                "{sizeof(plumb_impl), \"linear_q4gsw\", \"a\", 0, {PLUMB_U8, PLUMB_F64, PLUMB_F32, 1, "
                                "4, 0, 1}, 0, 0, 0, run, 0}"))
                .find("contract.activation"),
            std::string::npos);
  EXPECT_NE(error_of(library_of("chain",
                                "{sizeof(plumb_impl), \"linear_q4gsw\", \"a\", 0, {PLUMB_F32, PLUMB_F64, PLUMB_F32, 0, "
                                "4, 0, 1}, 0, 0, 0, run, 0}"))
                .find("chain_divisor"),
            std::string::npos);
}

TEST(Library, WhoseLoadingCrashesIsAnError) {
  EXPECT_NE(error_of(compile("crash", "const plumb_library* plumb_get_library(void) { abort(); }\n")).find("SIGABRT"),
            std::string::npos);
  EXPECT_NE(error_of(compile("null", "const plumb_library* plumb_get_library(void) { return 0; }\n")).find("NULL"),
            std::string::npos);
}

// What a library starts when it is loaded must be there when it is called: workers load it themselves.
TEST(Library, KeepsTheThreadsItStartsWhenItIsLoaded) {
  const auto library = compile("threads", R"(
#include <pthread.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int wanted = 0, served = 0;
static void* serve(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  for (;;) {
    while (served == wanted) pthread_cond_wait(&changed, &mutex);
    served = wanted;
    pthread_cond_broadcast(&changed);
  }
  return 0;
}
__attribute__((constructor)) static void start(void) {
  pthread_t thread;
  pthread_create(&thread, 0, serve, 0);
}
static plumb_status run(const plumb_impl* s, const plumb_call* c, void* p) {
  (void)s, (void)p;
  pthread_mutex_lock(&mutex);
  ++wanted;
  pthread_cond_broadcast(&changed);
  while (served != wanted) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
  const unsigned char* in = c->inputs[0].data;
  unsigned char* out = c->outputs[0].data;
  for (long i = 0; i < c->outputs[0].shape[0]; ++i) out[i] = (in[2 * i] & 15) | (in[2 * i + 1] << 4);
  return PLUMB_OK;
}
static const plumb_impl one = {sizeof(plumb_impl), "pack_uint4", "threads", 0, {0}, 0, 0, 0, run, 0};
static const plumb_impl* const all[] = {&one};
static const plumb_library lib = {PLUMB_ABI_VERSION, 1, "x", "1", all};
const plumb_library* plumb_get_library(void) { return &lib; }
)");
  const auto subjects = load_library(library);
  const Case test_case = parse_case("pack_uint4[n=64]/exact#1");
  const std::vector<Unit> units = campaign_units({test_case}, subjects);
  const plumb::Run run = run_units(units, describe_run(units, "test", 0), {.jobs = 1, .step_limit_ms = 5000});
  ASSERT_EQ(run.records.size(), 1U);
  EXPECT_EQ(run.records[0].outcome, Outcome::pass) << run.records[0].reason;
}

// GPU runtimes reserve far more address space than there is memory.
TEST(Library, MayReserveAddressSpaceWhenItIsLoaded) {
  const auto library = library_of("reserves", "{sizeof(plumb_impl), \"pack_uint4\", \"a b\", 0, " + kContract +
                                                  ", 0, 0, 0, run, 0};\n#include <sys/mman.h>\n"
                                                  "__attribute__((constructor)) static void reserve(void) {\n"
                                                  "  if (mmap(0, 1UL << 36, PROT_NONE, 0x4022, -1, 0) == MAP_FAILED)"
                                                  " abort();\n}\n"
                                                  "static const int unused_ = 0");
  EXPECT_NE(error_of(library).find("expected an implementation name"), std::string::npos) << error_of(library);
}

TEST(Library, WhoseLoadingEndsTheProcessSaysSo) {
  const auto library = compile("exits", "const plumb_library* plumb_get_library(void) { exit(0); }\n");
  EXPECT_NE(error_of(library).find("cannot be loaded: loading it ended its process with exit status 0"),
            std::string::npos);
}

Run check(const std::filesystem::path& library) {
  const auto subjects = load_library(library);
  const std::vector<Unit> units = campaign_units(plan_campaign(subjects, 0), subjects);
  return run_units(units, describe_run(units, "test", 0), {.jobs = 2});
}

TEST(Library, TheExampleIsRight) {
  std::int64_t passed = 0;
  for (const Record& record : check(kBuilt / "libexample.so").records) {
    EXPECT_TRUE(record.outcome == Outcome::pass || record.outcome == Outcome::skip)
        << record.case_name << record.reason;
    passed += record.outcome == Outcome::pass ? 1 : 0;
  }
  EXPECT_GT(passed, 500);
}

// The planted fault takes the first group's scale for all: seen wherever there are two groups, and nowhere else.
TEST(Library, TheFaultyExampleIsCaught) {
  std::int64_t caught = 0;
  for (const Record& record : check(kBuilt / "libfaulty_example.so").records) {
    if (record.outcome == Outcome::skip) continue;
    const Case test_case = parse_case(record.case_name);
    const bool several_groups = test_case.signature["K"] > test_case.signature["group"];
    if (!several_groups) {
      EXPECT_EQ(record.outcome, Outcome::pass) << record.case_name;
    } else if (test_case.mode->name == "spread") {
      EXPECT_EQ(record.outcome, Outcome::fail) << record.case_name;
      ++caught;
    }
  }
  EXPECT_GT(caught, 100);
}

}  // namespace
}  // namespace plumb
