// Scales of groups of columns.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grouped_linear_gemv.glsl"
