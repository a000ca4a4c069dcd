#include "error_diffusion.hpp"

#include <algorithm>
#include <vector>

namespace ditherlab {

namespace {

// Parts of the error that go to the right, below left, below, below right.
constexpr float kRight = 7.0f / 16, kBelowLeft = 3.0f / 16, kBelow = 5.0f / 16;
constexpr float kBelowRight = 1.0f / 16;

// How far, in ranges of the palette, wanted values may leave it.
constexpr float kHeadroom = 0.25f;

// Distances in units of the first channel's mean weight are far from the price of a color that is
// not allowed.
float unit_scale(const Form& form) {
    double sum = 0.0;
    for (int l = 0; l < form.num_layers; ++l) {
        const Layer& layer = form.layers[l];
        if (layer.channel != 0) continue;
        for (std::int64_t i = 0; i < num_pixels(form); ++i) sum += layer.scale * layer.weights[i];
    }
    return sum > 0.0 ? static_cast<float>(static_cast<double>(num_pixels(form)) / sum) : 1.0f;
}

template <int kChannels>
void diffuse_channels(const Form& form, const Colors& colors, const Prices& prices,
                      const DiffusionPlanes& planes, std::uint8_t* indices) {
    const std::int64_t plane = num_pixels(form);
    const int width = form.width;
    float lowest[kChannels], highest[kChannels];
    for (int c = 0; c < kChannels; ++c) {
        const float* values = colors.channel(c);
        lowest[c] = *std::min_element(values, values + colors.num_colors);
        highest[c] = *std::max_element(values, values + colors.num_colors);
        const float margin = kHeadroom * (highest[c] - lowest[c]);
        lowest[c] -= margin;
        highest[c] += margin;
    }
    // The errors that reach this row and the next one, with a margin for those that leave.
    std::vector<float> here(static_cast<std::size_t>(kChannels) * (width + 2), 0.0f), below(here);
    const float scale = unit_scale(form);
    std::vector<float> distances(static_cast<std::size_t>(colors.stride));
    for (int y = 0; y < form.height; ++y) {
        std::fill(below.begin(), below.end(), 0.0f);
        for (int x = 0; x < width; ++x) {
            const std::int64_t pixel = static_cast<std::int64_t>(y) * width + x;
            float* __restrict distance = distances.data();
            const float* __restrict group = prices.group(pixel);
            for (int k = 0; k < colors.stride; ++k) distance[k] = group[k];
            float wanted[kChannels], weights[kChannels] = {};
            for (int l = 0; l < form.num_layers; ++l) {
                const Layer& layer = form.layers[l];
                weights[layer.channel] += layer.scale * layer.weights[pixel];
            }
            for (int c = 0; c < kChannels; ++c) {
                const float value = form.values[c * plane + pixel] + here[c * (width + 2) + x + 1];
                wanted[c] = std::min(std::max(value, lowest[c]), highest[c]);
                const float sought = planes.noise == nullptr
                                         ? wanted[c]
                                         : wanted[c] + planes.noise[c * plane + pixel];
                const float weight = weights[c] * scale;
                const float* __restrict values = colors.channel(c);
                for (int k = 0; k < colors.stride; ++k) {
                    const float deviation = sought - values[k];
                    distance[k] += weight * deviation * deviation;
                }
            }
            const int chosen = find_least(distance, colors.num_colors);
            indices[pixel] = static_cast<std::uint8_t>(chosen);
            if (form.opaque != nullptr && !form.opaque[pixel]) continue;
            float to_right = 0.0f, to_left = 0.0f;
            if (planes.shifts != nullptr) {
                to_right = planes.shifts[pixel] * kBelow;
                to_left = planes.shifts[plane + pixel] * kBelowRight;
            }
            for (int c = 0; c < kChannels; ++c) {
                const float error = wanted[c] - colors.channel(c)[chosen];
                float* next = &here[c * (width + 2) + x + 2];
                float* under = &below[c * (width + 2) + x + 1];
                next[0] += error * (kRight + to_right);
                under[-1] += error * (kBelowLeft + to_left);
                under[0] += error * (kBelow - to_right);
                under[1] += error * (kBelowRight - to_left);
            }
        }
        std::swap(here, below);
    }
}

}  // namespace

void diffuse_error(const Form& form, const Colors& colors, const Prices& prices,
                   const DiffusionPlanes& planes, std::uint8_t* indices) {
    if (form.num_channels == 1) diffuse_channels<1>(form, colors, prices, planes, indices);
    if (form.num_channels == 3) diffuse_channels<3>(form, colors, prices, planes, indices);
}

}  // namespace ditherlab
