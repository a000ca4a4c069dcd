#include "polish.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>

#include "parallel.hpp"
#include "random.hpp"

namespace ditherlab {

namespace {

// Half of a pixel's neighbors: each pair is priced from the pixel that has the other one here.
constexpr int kNumPairs = 4;
constexpr int kRows[kNumPairs] = {0, 1, 1, 1};
constexpr int kColumns[kNumPairs] = {1, 0, 1, -1};

// Slopes are known this far around a tile, for swaps across its border.
constexpr int kRing = 1;

// Pixels this near to a change are looked at again.
constexpr int kUnsettledPx = 4;

// The inverse of any lower temperature would be infinite.
constexpr float kLeastTemperature = std::numeric_limits<float>::min();

// Vectors of a stencil's row.
constexpr int kStencilLanes = 8;

Stencil stencil_of(const Layer& layer) {
    const int radius = layer.radius, reach = 2 * radius, size = 2 * reach + 1;
    std::vector<double> shared(static_cast<std::size_t>(size), 0.0);
    for (int d = -reach; d <= reach; ++d) {
        for (int k = -radius; k <= radius; ++k) {
            if (k + d < -radius || k + d > radius) continue;
            shared[static_cast<std::size_t>(d + reach)] +=
                static_cast<double>(layer.taps[k + radius]) * layer.taps[k + d + radius];
        }
    }
    Stencil stencil;
    stencil.reach = reach;
    stencil.stride = (size + kStencilLanes - 1) / kStencilLanes * kStencilLanes;
    stencil.weights.assign(static_cast<std::size_t>(size) * stencil.stride, 0.0f);
    for (int row = 0; row < size; ++row) {
        for (int column = 0; column < size; ++column) {
            stencil.weights[static_cast<std::size_t>(row) * stencil.stride + column] =
                static_cast<float>(2.0 * layer.scale * shared[row] * shared[column]);
        }
    }
    return stencil;
}

// Adds `amount * stencil * midpoints` to rows of slopes. Rows are `kVectors` vectors wide, which
// lets the compiler unroll them, or `width` floats for 0.
template <int kVectors>
void add_stencil(float* slopes, int stride, const float* midpoints, int midpoint_stride,
                 const float* stencil, int width, int num_rows, float amount) {
    const int count = kVectors > 0 ? kVectors * kStencilLanes : width;
    for (int row = 0; row < num_rows; ++row) {
        float* __restrict slope = slopes;
        const float* __restrict midpoint = midpoints;
        const float* __restrict weight = stencil;
        for (int x = 0; x < count; ++x) slope[x] += amount * weight[x] * midpoint[x];
        slopes += stride;
        midpoints += midpoint_stride;
        stencil += count;
    }
}

}  // namespace

struct Polish::Worker {
    std::vector<float> slopes, current, errors, scratch;
    std::vector<std::vector<float>> pulls;  // of the windows of each coarse layer
    FieldBuffers buffers;
};

Polish::Polish(const Form& form, std::uint8_t* indices, std::uint8_t* unsettled)
    : form_(form),
      layers_(form.layers, form.layers + form.num_layers),
      grid_(TileGrid::of(form.height, form.width)),
      indices_(indices),
      unsettled_(unsettled) {
    const auto middle = std::stable_partition(layers_.begin(), layers_.end(),
                                              [](const Layer& x) { return !is_coarse(x); });
    form_.layers = layers_.data();
    fine_ = form_;
    fine_.num_layers = static_cast<std::int32_t>(middle - layers_.begin());
    for (int l = 0; l < fine_.num_layers; ++l) stencils_.push_back(stencil_of(layers_[l]));
    cache_.resize(static_cast<std::size_t>(grid_.num_tiles()));
}

void Polish::set_colors(const float* table, int num_colors) {
    colors_.set(table, form_.num_channels, num_colors);
}

void Polish::set_prices(const std::uint8_t* allowed, int num_groups, const std::int32_t* group_of,
                        const float* linear) {
    prices_.set(allowed, num_groups, group_of, linear, form_, colors_.num_colors);
}

std::int64_t Polish::tile_bytes() const {
    const Frame frame =
        Frame::of(form_, grid_.row_span(0), grid_.column_span(0), reach_px(form_) + kRing);
    std::vector<const float*> maps;
    std::int64_t planes = form_.num_channels * (2 + kNumPairs);
    for (int l = 0; l < fine_.num_layers; ++l) {
        planes += layers_[l].radius > 0 ? 4 : 0;
        maps.push_back(layers_[l].weights);
    }
    std::sort(maps.begin(), maps.end());
    planes += std::unique(maps.begin(), maps.end()) - maps.begin();
    if (form_.linear != nullptr) planes += form_.num_channels;
    return planes * static_cast<std::int64_t>(frame.plane_size() * sizeof(float));
}

std::vector<int> Polish::tiles_of(int phase) const {
    std::vector<int> tiles;
    for (int tile = 0; tile < grid_.num_tiles(); ++tile) {
        if (grid_.phase(tile) == phase) tiles.push_back(tile);
    }
    return tiles;
}

std::shared_ptr<TileWeights> Polish::weights_of(int tile) {
    // Workers hold different tiles, so each entry has one reader and writer at a time.
    auto& known = cache_[static_cast<std::size_t>(tile)];
    if (known) return known;
    auto weights = compute_weights(grid_.row_span(tile), grid_.column_span(tile));
    if (tile < most_cached_) known = weights;
    return weights;
}

std::shared_ptr<TileWeights> Polish::compute_weights(Span rows, Span columns) const {
    auto weights = std::make_shared<TileWeights>();
    const Frame frame = Frame::of(form_, rows, columns, reach_px(form_) + kRing);
    const std::size_t plane = frame.plane_size(), channels = form_.num_channels;
    weights->load(frame, fine_);
    weights->own.assign(plane * channels, 0.0f);
    weights->pairs.assign(plane * channels * kNumPairs, 0.0f);
    std::vector<float> sums(plane), coarse(plane);
    const Span near_rows{rows.begin - kRing, rows.end + kRing};
    const Span near_columns{columns.begin - kRing, columns.end + kRing};
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const Layer& layer = layers_[l];
        const bool is_fine = static_cast<int>(l) < fine_.num_layers;
        if (!is_fine) {
            load_plane(frame, form_, layer.weights, coarse.data());
            const int seen = kRing + layer.radius;
            weights->coarse.emplace_back(layer, form_, frame, kRing,
                                         Span{rows.begin - seen, rows.end + seen},
                                         Span{columns.begin - seen, columns.end + seen});
        }
        const float* windows = is_fine ? weights->windows.of_layer[l] : coarse.data();
        const std::size_t c = static_cast<std::size_t>(layer.channel);
        const auto along = [&](int offset) {
            return folded_products(layer, form_.width, near_columns, offset);
        };
        const auto down = [&](int offset) {
            return folded_products(layer, form_.height, near_rows, offset);
        };
        const std::vector<float> same_row = down(0), next_row = down(1);
        for (int offset : {0, 1, -1}) {
            // A layer of single pixels has no pairs.
            if (offset != 0 && layer.radius == 0) continue;
            sum_products(frame, layer, kRing, windows, along(offset), sums.data());
            if (offset == 0) {
                add_products(frame, layer, kRing, sums.data(), same_row, &weights->own[c * plane]);
            }
            for (int pair = 0; pair < kNumPairs; ++pair) {
                if (kColumns[pair] != offset || layer.radius == 0) continue;
                add_products(frame, layer, kRing, sums.data(), kRows[pair] ? next_row : same_row,
                             &weights->pairs[(pair * channels + c) * plane]);
            }
        }
    }
    // From pair weights to the weight of the squared difference in a swap.
    for (int row = frame.margin; row < frame.height - frame.margin; ++row) {
        for (int column = frame.margin; column < frame.width - frame.margin; ++column) {
            const std::size_t here = static_cast<std::size_t>(row) * frame.stride + column;
            const int y = frame.picture_row(row), x = frame.picture_column(column);
            for (int pair = 0; pair < kNumPairs; ++pair) {
                const int y2 = y + kRows[pair], x2 = x + kColumns[pair];
                bool exists = y2 < form_.height && x2 >= 0 && x2 < form_.width;
                if (exists && form_.opaque != nullptr) {
                    exists = form_.opaque[static_cast<std::size_t>(y) * form_.width + x] &&
                             form_.opaque[static_cast<std::size_t>(y2) * form_.width + x2];
                }
                const std::size_t there = here + kRows[pair] * frame.stride + kColumns[pair];
                for (std::size_t c = 0; c < channels; ++c) {
                    const float* own = &weights->own[c * plane];
                    float& shared = weights->pairs[(pair * channels + c) * plane + here];
                    shared = exists ? own[here] + own[there] - 2.0f * shared : kForbidden;
                }
            }
        }
    }
    weights->row_images = Images(form_.height, rows, frame.margin, kRing);
    weights->column_images = Images(form_.width, columns, frame.margin, kRing);
    compute_midpoints(*weights);
    return weights;
}

// Of two pixels that share windows, the pair weight is nearly that of a flat picture times the mean
// weight of the windows around their midpoint: a product of two Gaussians is a Gaussian there.
void Polish::compute_midpoints(TileWeights& weights) const {
    const Frame& frame = weights.frame;
    const int radius = reach_px(fine_) / 2;
    const Frame wide = Frame::of(form_, frame.rows, frame.columns, frame.margin + radius);
    weights.midpoint_stride = 2 * frame.stride;
    const std::size_t stride = weights.midpoint_stride;
    weights.midpoints.resize(static_cast<std::size_t>(fine_.num_layers));
    std::vector<float> plane(wide.plane_size()), sums;
    const float* loaded = nullptr;
    for (std::size_t l = 0; l < weights.midpoints.size(); ++l) {
        const Layer& layer = layers_[l];
        const int r = layer.radius;
        if (r == 0) continue;
        if (loaded != layer.weights) load_plane(wide, form_, layer.weights, plane.data());
        loaded = layer.weights;
        // Around a pixel, and around the middle between a pixel and the next one.
        std::vector<float> on(2 * r + 1), between(2 * r + 1, 0.0f);
        for (int k = -r; k <= r; ++k) {
            on[k + r] = layer.taps[k + r] * layer.taps[k + r];
            if (k > -r) between[k + r] = layer.taps[k + r] * layer.taps[k + r - 1];
        }
        for (auto* taps : {&on, &between}) {
            const float sum = std::accumulate(taps->begin(), taps->end(), 0.0f);
            for (float& tap : *taps) tap /= sum;
        }
        const int shift = wide.margin - frame.margin;
        const int first = shift - r, last = shift + frame.height + r;
        sums.assign((last - first) * stride, 0.0f);
        std::vector<float> even(frame.width), odd(frame.width);
        for (int row = first; row < last; ++row) {
            const float* source = &plane[static_cast<std::size_t>(row) * wide.stride + shift];
            std::fill(even.begin(), even.end(), 0.0f);
            std::fill(odd.begin(), odd.end(), 0.0f);
            for (int k = -r; k <= r; ++k) {
                const float tap_on = on[k + r], tap_between = between[k + r];
                for (int x = 0; x < frame.width; ++x) {
                    even[x] += tap_on * source[x + k];
                    odd[x] += tap_between * source[x + k];
                }
            }
            float* sum = &sums[(row - first) * stride];
            for (int x = 0; x < frame.width; ++x) {
                sum[2 * x] = even[x];
                sum[2 * x + 1] = odd[x];
            }
        }
        std::vector<float>& midpoints = weights.midpoints[l];
        midpoints.assign(2 * (frame.height + 1) * stride, 0.0f);
        for (int row = 0; row < frame.height; ++row) {
            for (int half = 0; half < 2; ++half) {
                const std::vector<float>& taps = half ? between : on;
                float* __restrict target = &midpoints[(2 * row + half) * stride];
                for (int k = -r; k <= r; ++k) {
                    const float tap = taps[k + r];
                    const float* __restrict source = &sums[(row + k + r) * stride];
                    for (int x = 0; x < 2 * frame.width; ++x) target[x] += tap * source[x];
                }
            }
        }
    }
}

void TileWeights::load(const Frame& loaded, const Form& form) {
    frame = loaded;
    const std::size_t plane = frame.plane_size();
    values.resize(plane * static_cast<std::size_t>(form.num_channels));
    for (int c = 0; c < form.num_channels; ++c) {
        load_plane(frame, form, form.values + c * num_pixels(form), &values[c * plane]);
    }
    windows.load(frame, form);
}

void Polish::load(const TileWeights& weights, Worker& worker) const {
    const Frame& frame = weights.frame;
    const std::size_t plane = frame.plane_size(), channels = form_.num_channels;
    worker.current.resize(plane * channels);
    worker.errors.resize(plane * channels);
    worker.slopes.resize(plane * channels);
    std::vector<int> places(frame.width);
    for (int column = 0; column < frame.width; ++column) {
        places[column] = mirrored(frame.picture_column(column), form_.width);
    }
    for (int row = 0; row < frame.height; ++row) {
        const std::int64_t y = mirrored(frame.picture_row(row), form_.height);
        const std::uint8_t* indices = indices_ + y * form_.width;
        const std::uint8_t* opaque =
            form_.opaque == nullptr ? nullptr : form_.opaque + y * form_.width;
        for (std::size_t c = 0; c < channels; ++c) {
            const float* table = colors_.channel(static_cast<int>(c));
            const std::size_t start = c * plane + static_cast<std::size_t>(row) * frame.stride;
            float* current = &worker.current[start];
            float* errors = &worker.errors[start];
            const float* values = &weights.values[start];
            for (int x = 0; x < frame.width; ++x) current[x] = table[indices[places[x]]];
            for (int x = 0; x < frame.width; ++x) errors[x] = current[x] - values[x];
            if (opaque == nullptr) continue;
            for (int x = 0; x < frame.width; ++x) {
                if (!opaque[places[x]]) errors[x] = 0.0f;
            }
        }
    }
}

void Polish::compute_slopes(const TileWeights& weights, Worker& worker) const {
    load(weights, worker);
    field_of_frame(weights.frame, fine_, worker.errors.data(), weights.windows, kRing,
                   worker.slopes.data(), worker.buffers);
    load_coarse(weights, worker);
}

// Returns the cost of the coarse layers.
double Polish::load_coarse(const TileWeights& weights, Worker& worker) const {
    worker.pulls.resize(weights.coarse.size());
    double cost = 0.0;
    for (std::size_t l = 0; l < weights.coarse.size(); ++l) {
        const CoarseWindows& windows = weights.coarse[l];
        const float* errors =
            &worker.errors[static_cast<std::size_t>(windows.channel()) * weights.frame.plane_size()];
        cost += windows.load(weights.frame, errors, worker.pulls[l], worker.scratch);
    }
    return cost;
}

// One visit of a tile, in which its pixels move one after the other.
struct Visit {
    const Polish& polish;
    const Form& form;
    const TileWeights& weights;
    const Frame& frame;
    const SweepSettings& settings;
    Polish::Worker& worker;
    Random random;
    const std::size_t plane;
    const int num_channels;
    std::int64_t num_moves = 0;
    double change = 0.0;

    // Moves are numbered: the colors first, then the neighbors to swap with.
    struct Move {
        int number;
        float change;
    };

    Visit(const Polish& owner, const TileWeights& tile, const SweepSettings& sweep,
          Polish::Worker& mine, int number)
        : polish(owner),
          form(owner.form_),
          weights(tile),
          frame(tile.frame),
          settings(sweep),
          worker(mine),
          random(sweep.seed, static_cast<std::uint64_t>(number)),
          plane(tile.frame.plane_size()),
          num_channels(owner.form_.num_channels) {}

    // Visits the pixels in a random order, in which the direction of visits leaves no pattern.
    void run() {
        const int num_rows = frame.rows.size(), num_columns = frame.columns.size();
        std::vector<std::int32_t> order(static_cast<std::size_t>(num_rows) * num_columns);
        std::iota(order.begin(), order.end(), 0);
        for (int pass = 0; pass < settings.num_passes; ++pass) {
            for (std::size_t n = order.size(); n > 1; --n) {
                std::swap(order[n - 1], order[random.below(static_cast<std::uint32_t>(n))]);
            }
            for (const std::int32_t place : order) {
                std::uint8_t& is_unsettled = unsettled(place / num_columns, place % num_columns);
                if (!is_unsettled && settings.temperature == 0.0f) continue;
                is_unsettled = 0;
                visit_pixel(place / num_columns, place % num_columns);
            }
        }
    }

    std::uint8_t& unsettled(int row, int column) const {
        return polish.unsettled_[pixel_at(row, column)];
    }

    std::int64_t pixel_at(int row, int column) const {
        return static_cast<std::int64_t>(frame.rows.begin + row) * form.width +
               frame.columns.begin + column;
    }

    std::size_t place_at(int row, int column) const {
        return static_cast<std::size_t>(row + frame.margin) * frame.stride + frame.margin + column;
    }

    void visit_pixel(int row, int column) {
        const std::int64_t pixel = pixel_at(row, column);
        if (form.opaque != nullptr && !form.opaque[pixel]) return;
        const Move move = choose(row, column, pixel);
        if (move.number < 0) return;
        ++num_moves;
        change += move.change;
        const int num_colors = polish.colors_.num_colors;
        const int mine = polish.indices_[pixel];
        if (move.number < num_colors) {
            recolor(row, column, pixel, mine, move.number);
            return;
        }
        const int pair = move.number - num_colors;
        const std::int64_t partner = pixel + kRows[pair] * form.width + kColumns[pair];
        const int theirs = polish.indices_[partner];
        recolor(row, column, pixel, mine, theirs);
        recolor(row + kRows[pair], column + kColumns[pair], partner, theirs, mine);
    }

    // Chooses the move of a pixel: the best one, or one drawn at the temperature; -1 for none.
    Move choose(int row, int column, std::int64_t pixel) {
        switch (num_channels) {
            case 1:
                return choose_among<1>(row, column, pixel);
            case 3:
                return choose_among<3>(row, column, pixel);
            default:
                return {-1, 0.0f};
        }
    }

    template <int kChannels>
    Move choose_among(int row, int column, std::int64_t pixel) {
        const Colors& colors = polish.colors_;
        const std::size_t here = place_at(row, column);
        const int mine = polish.indices_[pixel], num_colors = colors.num_colors;
        worker.scratch.resize(static_cast<std::size_t>(colors.stride) + kLanes);
        float* __restrict prices = worker.scratch.data();
        const float* __restrict group = polish.prices_.group(pixel);
        for (int k = 0; k < colors.stride; ++k) prices[k] = group[k];
        float slope[kChannels], current[kChannels];
        for (int c = 0; c < kChannels; ++c) {
            const float own = weights.own[c * plane + here];
            current[c] = worker.current[c * plane + here];
            slope[c] = slope_at(c, row, column);
            const float pull = slope[c] - 2.0f * own * current[c];
            const float* __restrict values = colors.channel(c);
            for (int k = 0; k < colors.stride; ++k)
                prices[k] += (pull + own * values[k]) * values[k];
        }
        if (polish.prices_.linear != nullptr) {
            for (int k = 0; k < num_colors; ++k) {
                prices[k] += polish.prices_.linear[k * polish.prices_.plane + pixel];
            }
        }
        const float stay = prices[mine];
        float swaps[kNumPairs];
        for (int pair = 0; pair < kNumPairs; ++pair) {
            swaps[pair] = kForbidden;
            const std::int64_t partner = pixel + kRows[pair] * form.width + kColumns[pair];
            if (!settings.has_swaps || !has_partner(row, column, pair)) continue;
            const int theirs = polish.indices_[partner];
            if (theirs == mine) continue;
            const std::size_t there = here + kRows[pair] * frame.stride + kColumns[pair];
            float change = 0.0f;
            for (int c = 0; c < kChannels; ++c) {
                const float step = worker.current[c * plane + there] - current[c];
                const float shared = weights.pairs[(pair * kChannels + c) * plane + here];
                const float other = slope_at(c, row + kRows[pair], column + kColumns[pair]);
                change += step * (slope[c] - other + step * shared);
            }
            if (!polish.prices_.is_plain()) {
                const Prices& extra = polish.prices_;
                change += extra.at(pixel, theirs) - extra.at(pixel, mine) +
                          extra.at(partner, mine) - extra.at(partner, theirs);
            }
            swaps[pair] = change;
        }
        if (settings.temperature > 0.0f) {
            return draw(prices, swaps, stay, mine, colors.stride);
        }
        float least = prices[0];
        for (int k = 1; k < num_colors; ++k) least = std::min(least, prices[k]);
        Move move{-1, -settings.least_gain};
        if (least - stay < move.change) {
            const int number =
                static_cast<int>(std::find(prices, prices + num_colors, least) - prices);
            move = {number, least - stay};
        }
        for (int pair = 0; pair < kNumPairs; ++pair) {
            if (swaps[pair] < move.change) move = {num_colors + pair, swaps[pair]};
        }
        return move;
    }

    // The slope of the cost in the value of a pixel of the tile, or next to it.
    float slope_at(int channel, int row, int column) const {
        float slope = worker.slopes[channel * plane + place_at(row, column)];
        for (std::size_t l = 0; l < weights.coarse.size(); ++l) {
            const CoarseWindows& windows = weights.coarse[l];
            if (windows.channel() != channel) continue;
            slope += windows.slope(worker.pulls[l].data(), row, column);
        }
        return slope;
    }

    bool has_partner(int row, int column, int pair) const {
        const int y = frame.rows.begin + row + kRows[pair];
        const int x = frame.columns.begin + column + kColumns[pair];
        if (y >= form.height || x < 0 || x >= form.width) return false;
        return form.opaque == nullptr ||
               form.opaque[static_cast<std::int64_t>(y) * form.width + x] != 0;
    }

    // Draws a move with probability `exp(-change / temperature)`; staying counts as one.
    Move draw(float* __restrict prices, float* swaps, float stay, int mine, int stride) {
        const int num_colors = polish.colors_.num_colors;
        float least = 0.0f;
        for (int k = 0; k < stride; ++k) prices[k] -= stay;
        for (int k = 0; k < stride; ++k) least = std::min(least, prices[k]);
        for (int pair = 0; pair < kNumPairs; ++pair) least = std::min(least, swaps[pair]);
        float chances[256 + kLanes], swap_chances[kNumPairs];
        const float scale = -1.0f / std::max(settings.temperature, kLeastTemperature);
        for (int k = 0; k < stride; ++k) {
            // No chance at all: the smallest one would be drawn where the random number is 0.
            const float is_allowed = prices[k] < 0.5f * kForbidden ? 1.0f : 0.0f;
            chances[k] = is_allowed * exp_of_negative((prices[k] - least) * scale);
        }
        float sum = 0.0f;
        for (int k = 0; k < num_colors; ++k) sum += chances[k];
        for (int pair = 0; pair < kNumPairs; ++pair) {
            const bool exists = swaps[pair] < 0.5f * kForbidden;
            swap_chances[pair] = exists ? exp_of_negative((swaps[pair] - least) * scale) : 0.0f;
            sum += swap_chances[pair];
        }
        float left = random.uniform() * sum;
        for (int k = 0; k < num_colors; ++k) {
            left -= chances[k];
            if (left < 0.0f) return k == mine ? Move{-1, 0.0f} : Move{k, prices[k]};
        }
        for (int pair = 0; pair < kNumPairs; ++pair) {
            left -= swap_chances[pair];
            if (left < 0.0f) return {num_colors + pair, swaps[pair]};
        }
        return {-1, 0.0f};
    }

    // Gives a pixel another color, and updates the slopes around it.
    void recolor(int row, int column, std::int64_t pixel, int before, int after) {
        polish.indices_[pixel] = static_cast<std::uint8_t>(after);
        for (int c = 0; c < num_channels; ++c) {
            const float* values = polish.colors_.channel(c);
            shift(c, row, column, values[after] - values[before], values[after]);
        }
        const int y = frame.rows.begin + row, x = frame.columns.begin + column;
        const int top = std::max(0, y - kUnsettledPx), left = std::max(0, x - kUnsettledPx);
        const int bottom = std::min(form.height, y + kUnsettledPx + 1);
        const int right = std::min(form.width, x + kUnsettledPx + 1);
        for (int near = top; near < bottom; ++near) {
            std::memset(polish.unsettled_ + static_cast<std::int64_t>(near) * form.width + left, 1,
                        static_cast<std::size_t>(right - left));
        }
    }

    void shift(int channel, int row, int column, float step, float value) {
        const int frame_row = row + frame.margin, frame_column = column + frame.margin;
        for (std::size_t l = 0; l < weights.coarse.size(); ++l) {
            if (weights.coarse[l].channel() != channel) continue;
            weights.coarse[l].shift(worker.pulls[l].data(), row, column, step);
        }
        if (frame.is_inside) {
            worker.current[channel * plane + place_at(row, column)] = value;
            spread(channel, frame_row, frame_column, step);
            return;
        }
        // Near the border of the picture, the mirror images of the pixel change as well.
        const int y = frame.rows.begin + row, x = frame.columns.begin + column;
        for (const int* at = weights.row_images.begin(y); at != weights.row_images.end(y); ++at) {
            const Images& columns = weights.column_images;
            for (const int* to = columns.begin(x); to != columns.end(x); ++to) {
                worker
                    .current[channel * plane + static_cast<std::size_t>(*at) * frame.stride + *to] =
                    value;
                spread(channel, *at, *to, step);
            }
        }
    }

    // Adds the effect of a change at one place of the frame to the slopes that the tile needs.
    void spread(int channel, int row, int column, float step) {
        const int first = frame.margin - kRing, last = frame.height - frame.margin + kRing;
        for (std::size_t l = 0; l < polish.stencils_.size(); ++l) {
            const Layer& layer = polish.layers_[l];
            if (layer.channel != channel) continue;
            float* slopes = &worker.slopes[channel * plane];
            if (layer.radius == 0) {
                const std::size_t here = static_cast<std::size_t>(row) * frame.stride + column;
                slopes[here] += 2.0f * step * layer.scale * layer.taps[0] * layer.taps[0] *
                                weights.windows.of_layer[l][here];
                continue;
            }
            const Stencil& stencil = polish.stencils_[l];
            const int reach = stencil.reach;
            const int begin = std::max(-reach, first - row), end = std::min(reach + 1, last - row);
            if (begin >= end) continue;
            const std::size_t midpoint_stride = weights.midpoint_stride;
            const std::ptrdiff_t midpoint =
                (2 * row + begin) * static_cast<std::ptrdiff_t>(midpoint_stride) + 2 * column -
                reach;
            const float* midpoints = weights.midpoints[l].data();
            const float* stencil_rows =
                &stencil.weights[static_cast<std::size_t>(begin + reach) * stencil.stride];
            const std::ptrdiff_t place =
                static_cast<std::ptrdiff_t>(row + begin) * frame.stride + column - reach;
            if (column < reach || column + reach >= frame.width) {
                spread_clipped(slopes, midpoints, stencil, row, column, begin, end, step);
                continue;
            }
            const int stride = frame.stride, wide = weights.midpoint_stride;
            float* target = slopes + place;
            const float* around = midpoints + midpoint;
            const auto add = [&](auto add_rows) {
                add_rows(target, stride, around, wide, stencil_rows, stencil.stride, end - begin,
                         step);
            };
            switch (stencil.stride / kStencilLanes) {
                case 1:
                    add(add_stencil<1>);
                    break;
                case 2:
                    add(add_stencil<2>);
                    break;
                case 3:
                    add(add_stencil<3>);
                    break;
                case 4:
                    add(add_stencil<4>);
                    break;
                default:
                    add(add_stencil<0>);
            }
        }
    }

    // The same for a place so near to the side of the frame that columns would leave it.
    void spread_clipped(float* slopes, const float* midpoints, const Stencil& stencil, int row,
                        int column, int begin, int end, float step) const {
        const int reach = stencil.reach;
        for (int i = begin; i < end; ++i) {
            for (int j = std::max(-reach, -column); j <= std::min(reach, frame.width - 1 - column);
                 ++j) {
                const std::size_t midpoint =
                    static_cast<std::size_t>(2 * row + i) * weights.midpoint_stride + 2 * column +
                    j;
                slopes[static_cast<std::size_t>(row + i) * frame.stride + column + j] +=
                    step * midpoints[midpoint] *
                    stencil
                        .weights[static_cast<std::size_t>(i + reach) * stencil.stride + j + reach];
            }
        }
    }
};

std::int64_t Polish::visit(int phase, int first, int last, const SweepSettings& settings,
                           double* change) {
    const std::vector<int> tiles = tiles_of(phase);
    last = std::min(last, static_cast<int>(tiles.size()));
    const int count = std::max(0, last - first);
    std::vector<Worker> workers(static_cast<std::size_t>(std::max(1, settings.num_threads)));
    std::vector<std::int64_t> moves(static_cast<std::size_t>(count), 0);
    std::vector<double> changes(static_cast<std::size_t>(count), 0.0);
    run_parallel(count, settings.num_threads, [&](int task, int number) {
        const int tile = tiles[static_cast<std::size_t>(first + task)];
        const Span rows = grid_.row_span(tile), columns = grid_.column_span(tile);
        if (settings.temperature == 0.0f) {
            bool any = false;
            for (int y = rows.begin; y < rows.end && !any; ++y) {
                any = std::memchr(
                          unsettled_ + static_cast<std::int64_t>(y) * form_.width + columns.begin,
                          1, static_cast<std::size_t>(columns.size())) != nullptr;
            }
            if (!any) return;
        }
        Worker& worker = workers[static_cast<std::size_t>(number)];
        const auto weights = weights_of(tile);
        compute_slopes(*weights, worker);
        Visit visit(*this, *weights, settings, worker, tile);
        visit.run();
        moves[static_cast<std::size_t>(task)] = visit.num_moves;
        changes[static_cast<std::size_t>(task)] = visit.change;
    });
    for (double part : changes) *change += part;
    return std::accumulate(moves.begin(), moves.end(), std::int64_t{0});
}

void Polish::replay(const std::int64_t* pixels, const std::uint8_t* colors, int count, float* kept,
                    float* computed) {
    const auto weights = compute_weights({0, form_.height}, {0, form_.width});
    Worker worker;
    const SweepSettings settings{};
    compute_slopes(*weights, worker);
    Visit visit(*this, *weights, settings, worker, 0);
    const auto copy_out = [&](float* out) {
        for (int c = 0; c < form_.num_channels; ++c) {
            for (int row = 0; row < form_.height; ++row) {
                float* line =
                    out + (static_cast<std::int64_t>(c) * form_.height + row) * form_.width;
                for (int x = 0; x < form_.width; ++x) line[x] = visit.slope_at(c, row, x);
            }
        }
    };
    for (int n = 0; n < count; ++n) {
        const int row = static_cast<int>(pixels[n] / form_.width);
        const int column = static_cast<int>(pixels[n] % form_.width);
        visit.recolor(row, column, pixels[n], indices_[pixels[n]], colors[n]);
    }
    copy_out(kept);
    compute_slopes(*weights, worker);
    copy_out(computed);
}

double Polish::price(int num_threads) {
    std::vector<double> costs(static_cast<std::size_t>(grid_.num_tiles()), 0.0);
    std::vector<Worker> workers(static_cast<std::size_t>(std::max(1, num_threads)));
    run_parallel(grid_.num_tiles(), num_threads, [&](int tile, int number) {
        Worker& worker = workers[static_cast<std::size_t>(number)];
        // The cost alone needs less around a tile, and none of the other weights.
        TileWeights weights;
        const Span rows = grid_.row_span(tile), columns = grid_.column_span(tile);
        weights.load(Frame::of(form_, rows, columns, reach_px(form_) / 2), fine_);
        for (std::size_t l = fine_.num_layers; l < layers_.size(); ++l) {
            weights.coarse.emplace_back(layers_[l], form_, weights.frame, 0, rows, columns);
        }
        load(weights, worker);
        costs[static_cast<std::size_t>(tile)] =
            field_of_frame(weights.frame, fine_, worker.errors.data(), weights.windows, 0, nullptr,
                           worker.buffers) +
            load_coarse(weights, worker);
    });
    return std::accumulate(costs.begin(), costs.end(), 0.0);
}

}  // namespace ditherlab
