#include "runners/accuracy/scheme.h"

#include <gtest/gtest.h>

#include "reference/error.h"

namespace plumb::accuracy {
namespace {

std::string refusal(const char* text) {
  try {
    (void)parse_scheme(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Scheme, ReadsFormatGroupAndOptions) {
  const Scheme scheme = parse_scheme("nncf.u4:g32:asym:tied");
  EXPECT_STREQ(scheme.part.format->name, "nncf.u4");
  EXPECT_EQ(scheme.part.choices.group, 32);
  EXPECT_TRUE(scheme.part.choices.asymmetric);
  EXPECT_TRUE(scheme.tied);
  EXPECT_FALSE(scheme.better);
  EXPECT_EQ(parse_scheme("torchao.intx4:row").part.choices.group, 0);
  EXPECT_EQ(parse_scheme("nncf.u4").part.choices.group, 128);
  EXPECT_FALSE(parse_scheme("nncf.u4").tied);
}

TEST(Scheme, ReadsMixes) {
  const Scheme scheme = parse_scheme("nncf.u2:g64+nncf.u4:g128:asym@3.25");
  EXPECT_STREQ(scheme.part.format->name, "nncf.u2");
  ASSERT_TRUE(scheme.better);
  EXPECT_STREQ(scheme.better->format->name, "nncf.u4");
  EXPECT_TRUE(scheme.better->choices.asymmetric);
  EXPECT_EQ(scheme.average_bits, 3.25);
}

TEST(Scheme, DefaultsAreSchemes) {
  EXPECT_EQ(default_schemes().size(), 4U);
  for (const std::string& name : default_schemes()) EXPECT_EQ(refusal(name.c_str()), "") << name;
  for (const Format& format : all_formats()) EXPECT_EQ(refusal(format.name), "") << format.name;
}

TEST(Scheme, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"nncf.u5:g64", "nearest: nncf.u2, nncf.u4"},
      {"", "is no format"},
      {"nncf.u4:g0", "expected a group like g128, got 'g0'"},
      {"nncf.u4:gx", "expected a group like g128, got 'gx'"},
      {"nncf.u4:asim", "'asim' is no option"},
      {"nncf.u4:", "'' is no option"},
      {"et_vk.q4gsw:asym", "no choice of zero points"},
      {"et_vk.qcs4w:g32", "one scale a row"},
      {"nncf.u2+nncf.u4", "LOWER+HIGHER@BITS"},
      {"nncf.u2@3", "LOWER+HIGHER@BITS"},
      {"nncf.u2+nncf.u4@5", "an average from 2 to 4 bits, got '5'"},
      {"nncf.u2+nncf.u4@x", "got 'x'"},
      {"nncf.u4+nncf.u2@3", "fewer bits first"},
      {"nncf.u2+nncf.u4+nncf.u8@3", "LOWER+HIGHER@BITS"},
  };
  for (const auto& [text, part] : cases) {
    const std::string message = refusal(text);
    EXPECT_NE(message.find(part), message.npos) << text << ": " << message;
    EXPECT_NE(message.find(std::string("--scheme '") + text + "'"), message.npos) << message;
  }
}

}  // namespace
}  // namespace plumb::accuracy
