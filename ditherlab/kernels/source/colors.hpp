// The palette in the channels of the cost, padded for vectors, and which colors are allowed where.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "form.hpp"

namespace ditherlab {

constexpr int kLanes = 16;

// The price of a color that is not allowed: larger than any cost, and far from overflow.
constexpr float kForbidden = 1e30f;

inline int padded(int count) { return (count + kLanes - 1) / kLanes * kLanes; }

struct Colors {
    int num_colors = 0;
    int stride = 0;
    int num_channels = 0;
    std::vector<float> values;  // [c stride]

    void set(const float* table, int channels, int colors) {
        num_channels = channels;
        num_colors = colors;
        stride = padded(colors);
        values.assign(static_cast<std::size_t>(channels) * stride, 0.0f);
        for (int c = 0; c < channels; ++c) {
            std::memcpy(&values[static_cast<std::size_t>(c) * stride], table + c * colors,
                        sizeof(float) * static_cast<std::size_t>(colors));
        }
    }
    const float* channel(int c) const { return &values[static_cast<std::size_t>(c) * stride]; }
};

// Extra prices of colors: allowed or not in each group of pixels, and any price for each pixel.
struct Prices {
    int stride = 0;
    std::vector<float> groups;               // [group stride]: 0, or kForbidden
    const std::int32_t* group_of = nullptr;  // [h w], or null: all pixels are in group 0
    const float* linear = nullptr;           // [k h w] in units of the cost, or null
    std::int64_t plane = 0;

    // `allowed` is [group k], null if each color is.
    void set(const std::uint8_t* allowed, int num_groups, const std::int32_t* group_of_pixel,
             const float* linear_prices, const Form& form, int num_colors) {
        stride = padded(num_colors);
        plane = num_pixels(form);
        group_of = group_of_pixel;
        linear = linear_prices;
        groups.assign(static_cast<std::size_t>(std::max(1, num_groups)) * stride, kForbidden);
        for (int group = 0; group < std::max(1, num_groups); ++group) {
            for (int k = 0; k < num_colors; ++k) {
                const bool is_allowed = allowed == nullptr || allowed[group * num_colors + k] != 0;
                if (is_allowed) groups[static_cast<std::size_t>(group) * stride + k] = 0.0f;
            }
        }
    }
    const float* group(std::int64_t pixel) const {
        return &groups[group_of == nullptr ? 0
                                           : static_cast<std::size_t>(group_of[pixel]) * stride];
    }
    float at(std::int64_t pixel, int color) const {
        const float price = group(pixel)[color];
        return linear == nullptr ? price : price + linear[color * plane + pixel];
    }
    bool is_plain() const { return group_of == nullptr && linear == nullptr; }
};

// The first position of the least value; 0 if the first one is not a number.
inline int find_least(const float* values, int count) {
    float least = values[0];
    for (int k = 1; k < count; ++k) least = std::min(least, values[k]);
    const float* found = std::find(values, values + count, least);
    return found == values + count ? 0 : static_cast<int>(found - values);
}

// `exp(x)` for x <= 0, within 2e-6 of it, in a form that compilers vectorize: 2^n times a
// polynomial (the Taylor series of 2^f around the middle of [0, 1)).
inline float exp_of_negative(float x) {
    // In this order, what is not a number becomes -87, which has an exponent.
    const float scaled = std::max(-87.0f, x) * 1.44269504f;
    const float whole = std::floor(scaled);
    const float f = scaled - whole - 0.5f;
    const float power =
        1.41421356f +
        f * (0.980258143f +
             f * (0.339731556f + f * (0.0784947372f + f * (0.0136021991f + f * (0.00188566494f)))));
    const std::int32_t exponent = (static_cast<std::int32_t>(whole) + 127) << 23;
    float scale;
    std::memcpy(&scale, &exponent, sizeof scale);
    return power * scale;
}

}  // namespace ditherlab
