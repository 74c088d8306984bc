#include "runners/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "reference/error.h"
#include "reports/json.h"
#include "runners/fingerprint.h"
#include "runners/pipe.h"
#include "runners/version.h"

namespace plumb {
namespace {

constexpr const char* kFormat = "plumbline journal";
constexpr int kFormatVersion = 2;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(fmt::format("{}: {}", path.string(), what));
}

std::string intent_to_line(const Intent& intent) {
  return nlohmann::ordered_json{{"format", kFormat},   {"version", kFormatVersion},        {"op", intent.op},
                                {"impl", intent.impl}, {"models", intent.models},          {"plan", intent.plan},
                                {"code", intent.code}, {"info", info_to_line(intent.info)}}
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Intent intent_from_line(const std::filesystem::path& path, const std::string& line) {
  try {
    const auto value = nlohmann::json::parse(line);
    if (value.at("format") != kFormat || value.at("version") != kFormatVersion) refuse(path, "is no journal of a run");
    Intent intent{value.at("op"),     value.at("impl"), info_from_line(value.at("info").get<std::string>()),
                  value.at("models"), value.at("plan"), value.at("code")};
    if (intent.info.version != kVersion) {
      refuse(path, fmt::format("was written by plumb {}, this is {}", intent.info.version, kVersion));
    }
    return intent;
  } catch (const nlohmann::json::exception& error) {
    refuse(path, fmt::format("is no journal of a run: {}", error.what()));
  }
}

std::ifstream open_to_read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("{}: there is no unfinished run", path.string()));
  return file;
}

}  // namespace

std::string plan_fingerprint(const std::vector<Unit>& units) {
  Fingerprint print;
  for (const Unit& unit : units) {
    for (const Step& step : unit.steps) {
      for (const std::string* text : {&step.op, &step.impl, &step.case_name, &step.again}) print.add(*text);
    }
  }
  return print.text();
}

std::filesystem::path Journal::path_in(const std::filesystem::path& folder) { return folder / "records.jsonl"; }

Intent Journal::read_intent(const std::filesystem::path& folder) {
  const std::filesystem::path path = path_in(folder);
  std::ifstream file = open_to_read(path);
  std::string line;
  std::getline(file, line);
  return intent_from_line(path, line);
}

Journal::Journal(const std::filesystem::path& folder, const Intent& intent) : path_(path_in(folder)), intent_(intent) {
  fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) refuse(path_, fmt::format("cannot be written: {}", std::strerror(errno)));
  write_line(intent_to_line(intent));
}

Journal::Journal(const std::filesystem::path& folder, const std::string& plan, const std::string& code)
    : path_(path_in(folder)), intent_(read_intent(folder)) {
  if (intent_.plan != plan) {
    refuse(path_, fmt::format("belongs to other cases or implementations ({} of them); it was: {}",
                              intent_.info.planned, intent_.info.command));
  }
  if (intent_.code != code) {
    refuse(path_,
           "what it holds was computed by other code: the program or a library has been built anew since; begin "
           "again with --overwrite");
  }
  std::ifstream file = open_to_read(path_);
  std::string line;
  std::getline(file, line);
  std::int64_t complete_bytes = file.tellg();
  for (std::int64_t number = 2; std::getline(file, line) && !file.eof(); ++number) {
    try {
      found_.push_back(record_from_line(line));
    } catch (const Error& error) {
      refuse(path_, fmt::format("line {}: {}", number, error.what()));
    }
    complete_bytes = file.tellg();
  }
  fd_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0 || ftruncate(fd_, complete_bytes) != 0) {
    refuse(path_, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
}

Journal::~Journal() {
  if (fd_ >= 0) close(fd_);
}

void Journal::append(const Record& record) { write_line(record_to_line(record)); }

void Journal::remove() { std::filesystem::remove(path_); }

void Journal::write_line(const std::string& line) {
  const std::string text = line + '\n';
  if (!write_fully(fd_, text.data(), text.size())) {
    refuse(path_, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
}

}  // namespace plumb
