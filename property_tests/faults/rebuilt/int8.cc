// Reported bugs of linear layers whose activation is quantised: mutations of the plain kernels.

#include <string_view>

#include "property_tests/faults/kernels.h"
#include "property_tests/faults/rebuilt/rebuilt.h"
#include "reference/error.h"

namespace plumb::faults {
namespace {

struct Record {
  std::string_view id;
  Kernel (*make)(Mutation);
  Mutation mutation;
};
constexpr Record kRecords[] = {
    {"A01", linear_q8ta_q8csw, Mutation::pairs_saturated},
    {"A04", linear_q8ta_q8csw, Mutation::sums_of_16_bits},
    {"A11", linear_dq8ca_q4gsw, Mutation::activation_truncated},
    {"M03", linear_dq8ca_q4gsw, Mutation::corrections_of_half_the_columns},
    {"P03", linear_dq8ca_q4gsw, Mutation::correction_not_scaled},
    {"S04", linear_dq8ca_q4gsw, Mutation::scales_at_stride_of_rows},
};

}  // namespace

Kernel rebuilt_int8(const char* id) {
  for (const Record& record : kRecords) {
    if (record.id == id) return record.make(record.mutation);
  }
  PLUMB_CHECK(false);
}

}  // namespace plumb::faults
