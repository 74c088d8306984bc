#include "runners/rewrite/impl_packer.h"

#include <fmt/format.h>

#include <set>

#include "reference/error.h"
#include "reference/names.h"
#include "reference/ops.h"
#include "reference/problem_of.h"
#include "runners/campaign.h"
#include "runners/execute.h"

namespace plumb {
namespace {

class ImplPacker : public graph::Packer {
 public:
  explicit ImplPacker(std::string name) : name_(std::move(name)), subjects_(builtin_subjects()) {
    std::set<std::string> names;
    for (const Subject& subject : subjects_) names.insert(subject.impl->name);
    if (!names.contains(name_)) {
      throw Error(fmt::format("implementation '{}' is unknown; nearest: {}", name_,
                              nearest_names(name_, {names.begin(), names.end()})));
    }
  }

  [[nodiscard]] Tensor pack(std::string_view name, const std::vector<Tensor>& inputs,
                            const std::map<std::string, std::int64_t>& params) const override {
    const Op& op = op_named(name);
    const Problem problem = problem_of(op, inputs, Sizes(params.begin(), params.end()));
    for (const Subject& subject : subjects_) {
      if (subject.impl->name == name_ && subject.impl->op == name) return run(*subject.impl, op, problem);
    }
    throw Error(fmt::format("implementation '{}' has no {}", name_, name));
  }

 private:
  static Tensor run(const plumb_impl& impl, const Op& op, const Problem& problem) {
    if (impl.unavailable != nullptr) throw Error(fmt::format("{}: {}", impl.name, impl.unavailable));
    Execute execute(impl, op, problem, output_forms(op, problem.signature));
    std::string reason;
    plumb_status status = execute.supports(&reason);
    if (status == PLUMB_OK) status = execute.prepare();
    if (status != PLUMB_OK)
      throw Error(fmt::format("{} {}: {}", impl.name, op.name, reason.empty() ? to_string(status) : reason));
    Execution done = execute.run(1, std::byte{0xa5});
    if (done.status != PLUMB_OK || !done.violations.empty())
      throw Error(fmt::format("{} {}: {}", impl.name, op.name, to_string(done.status)));
    return std::move(done.outputs.at(0));
  }

  std::string name_;
  std::vector<Subject> subjects_;
};

}  // namespace

std::shared_ptr<const graph::Packer> packer_named(const std::string& impl) {
  if (impl != "reference") return std::make_shared<const ImplPacker>(impl);
  return {std::shared_ptr<void>(), &graph::reference_packer()};  // of the program: nobody owns it
}

}  // namespace plumb
