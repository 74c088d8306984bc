// plumbline's version, from CMakeLists.txt.
#pragma once

namespace plumb {

inline constexpr const char* kVersion = PLUMB_VERSION;

}  // namespace plumb
