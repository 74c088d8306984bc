#include "reference/layout/stand_in.h"

namespace plumb {
namespace {

thread_local LayoutStandIn* newest = nullptr;

}  // namespace

LayoutStandIn::LayoutStandIn() : outer_(newest) { newest = this; }

LayoutStandIn::~LayoutStandIn() { newest = outer_; }

LayoutStandIn* LayoutStandIn::current() { return newest; }

}  // namespace plumb
