// Sixteen floats that are computed with at once.
#pragma once

#include <cstring>

#include "colors.hpp"

namespace ditherlab {

#if defined(__GNUC__)
typedef float Lanes __attribute__((vector_size(4 * kLanes)));
#else
struct Lanes {
    float at[kLanes];
    float operator[](int lane) const { return at[lane]; }
    Lanes& operator+=(const Lanes& other) {
        for (int lane = 0; lane < kLanes; ++lane) at[lane] += other.at[lane];
        return *this;
    }
    friend Lanes operator*(const Lanes& one, const Lanes& other) {
        Lanes product;
        for (int lane = 0; lane < kLanes; ++lane) product.at[lane] = one.at[lane] * other.at[lane];
        return product;
    }
};
#endif

inline Lanes load_lanes(const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

inline void store_lanes(const Lanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

inline Lanes spread_lanes(float value) {
    float values[kLanes];
    for (float& each : values) each = value;
    return load_lanes(values);
}

}  // namespace ditherlab
