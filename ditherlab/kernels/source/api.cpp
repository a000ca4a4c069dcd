// The functions that Python calls, through a plain C interface.
#include <cstdint>
#include <vector>

#include "error_diffusion.hpp"
#include "form.hpp"
#include "mean_field.hpp"
#include "measures.hpp"
#include "palette_equations.hpp"
#include "polish.hpp"

#ifdef _WIN32
#define DITHERLAB_API extern "C" __declspec(dllexport)
#else
#define DITHERLAB_API extern "C" __attribute__((visibility("default")))
#endif

using namespace ditherlab;

namespace {

thread_local bool has_failed = false;

// Calls a function. An exception must not leave the C interface; Python asks for it afterwards.
template <typename Run>
auto guarded(const Run& run) noexcept -> decltype(run()) {
    try {
        return run();
    } catch (...) {
        has_failed = true;
        return decltype(run())();
    }
}

}  // namespace

// Whether a call of this thread has run out of memory since this was asked last.
DITHERLAB_API std::int32_t ditherlab_take_failure() {
    const bool failed = has_failed;
    has_failed = false;
    return failed;
}

// Of this interface; `library.py` has the same number.
DITHERLAB_API std::int32_t ditherlab_version() { return 4; }

// Whether this machine has the instructions of the variant that is compiled for x86-64-v3.
DITHERLAB_API std::int32_t ditherlab_runs_x86_64_v3() {
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
#else
    return 0;
#endif
}

DITHERLAB_API Polish* ditherlab_polish_new(const Form* form, std::uint8_t* indices,
                                           std::uint8_t* unsettled) {
    return guarded([&] { return new Polish(*form, indices, unsettled); });
}

DITHERLAB_API void ditherlab_polish_delete(Polish* polish) { delete polish; }

DITHERLAB_API void ditherlab_polish_set_colors(Polish* polish, const float* table,
                                               std::int32_t num_colors) {
    return guarded([&] { polish->set_colors(table, num_colors); });
}

DITHERLAB_API void ditherlab_polish_set_prices(Polish* polish, const std::uint8_t* allowed,
                                               std::int32_t num_groups,
                                               const std::int32_t* group_of, const float* linear) {
    return guarded([&] { polish->set_prices(allowed, num_groups, group_of, linear); });
}

DITHERLAB_API void ditherlab_polish_set_cache(Polish* polish, std::int64_t num_tiles) {
    polish->set_cache(num_tiles);
}

DITHERLAB_API std::int64_t ditherlab_polish_tile_bytes(const Polish* polish) {
    return guarded([&] { return polish->tile_bytes(); });
}

DITHERLAB_API std::int32_t ditherlab_polish_num_tiles(const Polish* polish, std::int32_t phase) {
    return guarded([&] {
        std::int32_t count = 0;
        for (int tile = 0; tile < polish->grid().num_tiles(); ++tile) {
            count += polish->grid().phase(tile) == phase;
        }
        return count;
    });
}

DITHERLAB_API std::int64_t ditherlab_polish_visit(Polish* polish, std::int32_t phase,
                                                  std::int32_t first, std::int32_t last,
                                                  const SweepSettings* settings, double* change) {
    return guarded([&] { return polish->visit(phase, first, last, *settings, change); });
}

DITHERLAB_API double ditherlab_polish_price(Polish* polish, std::int32_t num_threads) {
    return guarded([&] { return polish->price(num_threads); });
}

DITHERLAB_API void ditherlab_polish_replay(Polish* polish, const std::int64_t* pixels,
                                           const std::uint8_t* colors, std::int32_t count,
                                           float* kept, float* computed) {
    return guarded([&] { polish->replay(pixels, colors, count, kept, computed); });
}

DITHERLAB_API void ditherlab_diffuse_error(const Form* form, const float* table,
                                           std::int32_t num_colors, const std::uint8_t* allowed,
                                           std::int32_t num_groups, const std::int32_t* group_of,
                                           const DiffusionPlanes* planes, std::uint8_t* indices) {
    return guarded([&] {
        Colors colors;
        colors.set(table, form->num_channels, num_colors);
        Prices prices;
        prices.set(allowed, num_groups, group_of, nullptr, *form, num_colors);
        diffuse_error(*form, colors, prices, *planes, indices);
    });
}

DITHERLAB_API MeanField* ditherlab_mean_field_new(const Form* form, float* probs) {
    return guarded([&] { return new MeanField(*form, probs); });
}

DITHERLAB_API void ditherlab_mean_field_delete(MeanField* field) { delete field; }

DITHERLAB_API void ditherlab_mean_field_set_colors(MeanField* field, const float* table,
                                                   std::int32_t num_colors) {
    return guarded([&] { field->set_colors(table, num_colors); });
}

DITHERLAB_API double ditherlab_mean_field_estimate(MeanField* field, std::int32_t num_threads) {
    return guarded([&] { return field->estimate(num_threads); });
}

DITHERLAB_API void ditherlab_mean_field_respond(MeanField* field, const std::int64_t* pixels,
                                                std::int64_t count, float scale) {
    return guarded([&] { field->respond(pixels, count, scale); });
}

DITHERLAB_API void ditherlab_mean_field_price(const MeanField* field, const std::int64_t* pixels,
                                              std::int64_t count, float* prices) {
    return guarded([&] { field->price(pixels, count, prices); });
}

DITHERLAB_API const float* ditherlab_mean_field_slopes(const MeanField* field) {
    return field->slopes();
}

DITHERLAB_API float* ditherlab_mean_field_means(MeanField* field) { return field->means(); }

DITHERLAB_API float* ditherlab_mean_field_squares(MeanField* field) { return field->squares(); }

DITHERLAB_API const float* ditherlab_mean_field_variance_weights(const MeanField* field) {
    return field->variance_weights();
}

DITHERLAB_API void ditherlab_add_palette_equations(const Form* form, const Choice* choice,
                                                   std::int32_t num_threads, double* matrix,
                                                   double* right) {
    return guarded([&] { add_palette_equations(*form, *choice, num_threads, matrix, right); });
}

DITHERLAB_API void ditherlab_compare_rows(const float* one, const float* other,
                                          const std::uint8_t* opaque, std::int32_t num_channels,
                                          std::int32_t height, std::int32_t width,
                                          std::int32_t first, std::int32_t last, const float* taps,
                                          std::int32_t radius, Similarity* result) {
    return guarded([&] {
        *result = compare_rows(one, other, opaque, num_channels, height, width, first, last, taps,
                               radius);
    });
}

DITHERLAB_API void ditherlab_filter_planes(const float* planes, float* filtered,
                                           std::int64_t num_planes, std::int32_t height,
                                           std::int32_t width, const float* taps,
                                           std::int32_t radius) {
    return guarded(
        [&] { filter_planes(planes, filtered, num_planes, height, width, taps, radius); });
}

DITHERLAB_API void ditherlab_count_colors(const Form* form, const std::uint8_t* indices,
                                          std::int64_t* counts) {
    for (std::int64_t i = 0; i < num_pixels(*form); ++i) {
        if (form->opaque == nullptr || form->opaque[i]) ++counts[indices[i]];
    }
}

// Finds the nearest center, by squared distance, of points with three coordinates.
DITHERLAB_API void ditherlab_find_nearest(const float* points, std::int64_t num_points,
                                          const float* centers, std::int32_t num_centers,
                                          std::int64_t* nearest) {
    return guarded([&] {
        Colors colors;
        colors.set(centers, 3, num_centers);
        std::vector<float> distances(static_cast<std::size_t>(colors.stride));
        float* __restrict distance = distances.data();
        for (std::int64_t n = 0; n < num_points; ++n) {
            for (int k = 0; k < colors.stride; ++k) distance[k] = 0.0f;
            for (int c = 0; c < 3; ++c) {
                const float value = points[3 * n + c];
                const float* __restrict values = colors.channel(c);
                for (int k = 0; k < colors.stride; ++k) {
                    const float difference = value - values[k];
                    distance[k] += difference * difference;
                }
            }
            nearest[n] = find_least(distance, num_centers);
        }
    });
}
