// Eight floats that are computed with at once.
#pragma once

#include <cstring>

namespace ditherlab {

constexpr int kVector = 8;

#if defined(__GNUC__)
typedef float Lanes __attribute__((vector_size(4 * kVector)));

inline Lanes spread_lanes(float value) { return Lanes{} + value; }
#else
struct Lanes {
    float at[kVector];
    float operator[](int lane) const { return at[lane]; }
    Lanes& operator+=(const Lanes& other) {
        for (int lane = 0; lane < kVector; ++lane) at[lane] += other.at[lane];
        return *this;
    }
    friend Lanes operator*(const Lanes& one, const Lanes& other) {
        Lanes product;
        for (int lane = 0; lane < kVector; ++lane) product.at[lane] = one.at[lane] * other.at[lane];
        return product;
    }
};

inline Lanes spread_lanes(float value) {
    Lanes lanes;
    for (float& each : lanes.at) each = value;
    return lanes;
}
#endif

inline Lanes load_lanes(const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

inline void store_lanes(const Lanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

}  // namespace ditherlab
