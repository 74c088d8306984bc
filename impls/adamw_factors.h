// What adamw_step's seven numbers become, once a call.
#pragma once

#include <cstring>

#include "impls/builtin.h"

namespace plumb {

/// Factors of f32 that every element is worked on with.
struct AdamwFactors {
  float lr, beta1, rest1, beta2, rest2, eps, decay, inverse1, inverse2;  ///< rest = 1 - beta; decay: times lr

  explicit AdamwFactors(const Call& call) {
    enum Input : std::size_t { kFactors = 4 };
    double given[7];
    std::memcpy(given, call.input<std::byte>(kFactors).data(), sizeof given);
    const auto [rate, b1, b2, epsilon, weight_decay, correction1, correction2] = given;
    lr = static_cast<float>(rate);
    beta1 = static_cast<float>(b1);
    rest1 = static_cast<float>(1 - b1);
    beta2 = static_cast<float>(b2);
    rest2 = static_cast<float>(1 - b2);
    eps = static_cast<float>(epsilon);
    decay = static_cast<float>(rate * weight_decay);
    inverse1 = static_cast<float>(1 / correction1);
    inverse2 = static_cast<float>(1 / correction2);
  }
};

}  // namespace plumb
