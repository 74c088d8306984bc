#version 450
#extension GL_GOOGLE_include_directive : require
#include "linear_int8_gemv.glsl"
