#include "mean_field.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "parallel.hpp"

namespace ditherlab {

MeanField::MeanField(const Form& form, float* probs)
    : form_(form),
      layers_(form.layers, form.layers + form.num_layers),
      grid_(TileGrid::of(form.height, form.width)),
      probs_(probs) {
    form_.layers = layers_.data();
    const std::size_t size =
        static_cast<std::size_t>(num_pixels(form)) * static_cast<std::size_t>(form.num_channels);
    for (auto* planes : {&means_, &squares_, &slopes_, &variance_weights_, &errors_}) {
        planes->assign(size, 0.0f);
    }
    tiles_.resize(static_cast<std::size_t>(grid_.num_tiles()));
    for (int tile = 0; tile < grid_.num_tiles(); ++tile) compute_tile(tile);
}

void MeanField::compute_tile(int number) {
    Tile& tile = tiles_[static_cast<std::size_t>(number)];
    const Span rows = grid_.row_span(number), columns = grid_.column_span(number);
    const Frame frame = Frame::of(form_, rows, columns, reach_px(form_));
    const std::size_t plane = frame.plane_size();
    tile.frame = frame;
    tile.windows.load(frame, form_);
    std::vector<float> sums(plane), own(plane);
    for (int c = 0; c < form_.num_channels; ++c) {
        std::fill(own.begin(), own.end(), 0.0f);
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            const Layer& layer = layers_[l];
            if (layer.channel != c) continue;
            sum_products(frame, layer, 0, tile.windows.of_layer[l],
                         folded_products(layer, form_.width, columns, 0), sums.data());
            add_products(frame, layer, 0, sums.data(),
                         folded_products(layer, form_.height, rows, 0), own.data());
        }
        for (int row = 0; row < rows.size(); ++row) {
            for (int column = 0; column < columns.size(); ++column) {
                const std::int64_t pixel =
                    static_cast<std::int64_t>(rows.begin + row) * form_.width + columns.begin +
                    column;
                const bool is_opaque = form_.opaque == nullptr || form_.opaque[pixel] != 0;
                const std::size_t place =
                    static_cast<std::size_t>(row + frame.margin) * frame.stride + frame.margin +
                    column;
                variance_weights_[c * num_pixels(form_) + pixel] = is_opaque ? own[place] : 0.0f;
            }
        }
    }
}

void MeanField::set_colors(const float* table, int num_colors) {
    colors_.set(table, form_.num_channels, num_colors);
    const std::int64_t plane = num_pixels(form_);
    std::fill(means_.begin(), means_.end(), 0.0f);
    std::fill(squares_.begin(), squares_.end(), 0.0f);
    for (int c = 0; c < form_.num_channels; ++c) {
        float* __restrict mean = &means_[static_cast<std::size_t>(c * plane)];
        float* __restrict square = &squares_[static_cast<std::size_t>(c * plane)];
        for (int k = 0; k < num_colors; ++k) {
            const float value = colors_.channel(c)[k];
            const float* __restrict probs = probs_ + k * plane;
            for (std::int64_t i = 0; i < plane; ++i) {
                mean[i] += value * probs[i];
                square[i] += value * value * probs[i];
            }
        }
    }
}

double MeanField::estimate(int num_threads) {
    const std::int64_t plane = num_pixels(form_);
    std::vector<double> costs(tiles_.size(), 0.0);
    for (int c = 0; c < form_.num_channels; ++c) {
        const float* values = form_.values + c * plane;
        const float* means = &means_[static_cast<std::size_t>(c * plane)];
        float* errors = &errors_[static_cast<std::size_t>(c * plane)];
        for (std::int64_t i = 0; i < plane; ++i) errors[i] = means[i] - values[i];
        if (form_.opaque == nullptr) continue;
        for (std::int64_t i = 0; i < plane; ++i) {
            if (!form_.opaque[i]) errors[i] = 0.0f;
        }
    }
    struct Worker {
        std::vector<float> errors, slopes;
        FieldBuffers buffers;
    };
    std::vector<Worker> workers(static_cast<std::size_t>(std::max(1, num_threads)));
    run_parallel(grid_.num_tiles(), num_threads, [&](int number, int worker_number) {
        const Tile& tile = tiles_[static_cast<std::size_t>(number)];
        const Frame& frame = tile.frame;
        Worker& worker = workers[static_cast<std::size_t>(worker_number)];
        const std::size_t size = frame.plane_size();
        worker.errors.resize(size * form_.num_channels);
        worker.slopes.resize(size * form_.num_channels);
        for (int c = 0; c < form_.num_channels; ++c) {
            load_plane(frame, form_, &errors_[static_cast<std::size_t>(c * plane)],
                       &worker.errors[c * size]);
        }
        double cost = field_of_frame(frame, form_, worker.errors.data(), tile.windows, 0,
                                     worker.slopes.data(), worker.buffers);
        for (int c = 0; c < form_.num_channels; ++c) {
            for (int row = 0; row < frame.rows.size(); ++row) {
                const std::int64_t pixel =
                    c * plane + static_cast<std::int64_t>(frame.rows.begin + row) * form_.width +
                    frame.columns.begin;
                const float* slopes =
                    &worker.slopes[c * size +
                                   static_cast<std::size_t>(row + frame.margin) * frame.stride +
                                   frame.margin];
                float variance = 0.0f;
                for (int x = 0; x < frame.columns.size(); ++x) {
                    const float mean = means_[pixel + x];
                    slopes_[pixel + x] = slopes[x];
                    variance += variance_weights_[pixel + x] * (squares_[pixel + x] - mean * mean);
                }
                cost += variance;
            }
        }
        costs[static_cast<std::size_t>(number)] = cost;
    });
    return std::accumulate(costs.begin(), costs.end(), 0.0);
}

void MeanField::price(const std::int64_t* pixels, std::int64_t count, float* prices) const {
    const std::int64_t plane = num_pixels(form_);
    const int num_colors = colors_.num_colors;
    for (std::int64_t n = 0; n < count; ++n) {
        const std::int64_t pixel = pixels[n];
        const bool is_opaque = form_.opaque == nullptr || form_.opaque[pixel] != 0;
        float* __restrict price = prices + n * num_colors;
        for (int k = 0; k < num_colors; ++k) price[k] = 0.0f;
        for (int c = 0; c < form_.num_channels; ++c) {
            const std::size_t place = static_cast<std::size_t>(c * plane + pixel);
            const float own = variance_weights_[place];
            const float slope = is_opaque ? slopes_[place] : 0.0f;
            const float pull = slope - 2.0f * own * means_[place];
            const float* __restrict values = colors_.channel(c);
            for (int k = 0; k < num_colors; ++k) price[k] += (pull + own * values[k]) * values[k];
        }
    }
}

void MeanField::respond(const std::int64_t* pixels, std::int64_t count, float scale) {
    const std::int64_t plane = num_pixels(form_);
    const int num_colors = colors_.num_colors;
    scale = std::min(scale, std::numeric_limits<float>::max());
    std::vector<float> chances(static_cast<std::size_t>(num_colors));
    for (std::int64_t n = 0; n < count; ++n) {
        const std::int64_t pixel = pixels[n];
        price(&pixel, 1, chances.data());
        float* __restrict chance = chances.data();
        float least = chance[0];
        for (int k = 1; k < num_colors; ++k) least = std::min(least, chance[k]);
        for (int k = 0; k < num_colors; ++k) {
            chance[k] = exp_of_negative((least - chance[k]) * scale);
        }
        float sum = 0.0f;
        for (int k = 0; k < num_colors; ++k) sum += chance[k];
        for (int k = 0; k < num_colors; ++k) {
            chance[k] /= sum;
            probs_[k * plane + pixel] = chance[k];
        }
        for (int c = 0; c < form_.num_channels; ++c) {
            const float* values = colors_.channel(c);
            float mean = 0.0f, square = 0.0f;
            for (int k = 0; k < num_colors; ++k) {
                mean += chance[k] * values[k];
                square += chance[k] * values[k] * values[k];
            }
            means_[static_cast<std::size_t>(c * plane + pixel)] = mean;
            squares_[static_cast<std::size_t>(c * plane + pixel)] = square;
        }
    }
}

}  // namespace ditherlab
