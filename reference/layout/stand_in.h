// What takes the place of pack and unpack for a while: how diagnosis lets an oracle see codes as a wrong kernel sees
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reference/layout/layout.h"

namespace plumb {

/// While it lives, pack and unpack of layout.h ask it first, on this thread. The newest one is asked.
class LayoutStandIn {
 public:
  LayoutStandIn();
  virtual ~LayoutStandIn();
  LayoutStandIn(const LayoutStandIn&) = delete;
  LayoutStandIn& operator=(const LayoutStandIn&) = delete;

  /// What the call is to return; nothing: what the declaration says.
  virtual std::optional<std::vector<std::uint8_t>> pack(const Layout& layout, Extent extent,
                                                        std::span<const int> codes) = 0;
  virtual std::optional<std::vector<int>> unpack(const Layout& layout, Extent extent,
                                                 std::span<const std::uint8_t> bytes) = 0;

  /// The one to ask; nullptr if there is none.
  [[nodiscard]] static LayoutStandIn* current();

 private:
  LayoutStandIn* outer_;
};

}  // namespace plumb
